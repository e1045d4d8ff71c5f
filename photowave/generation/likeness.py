"""From a recording to what a model is conditioned on, in the place of a photo."""

from pathlib import Path

import torch
from torch import Tensor

from photowave.audio import TextureStatistics, extend_bandwidth, measure_width, normalise, read_channels
from photowave.errors import MediaError
from photowave.model import PhotowaveModel, TextureConditioner


@torch.no_grad()
def measure_recording(model: PhotowaveModel, path: str | Path) -> tuple[Tensor, Tensor]:
    """Measure the texture of a recording as training measures it, over its whole length.

    What free runs of the nearest texture of the codebook were corrected by is taken over.

    Args:
        model: Conditioned on textures.
        path: The recording.

    Returns:
        Conditioning vector [conditioning] and width in stereo [WIDTH_BANDS], on the model's device.

    Raises:
        MediaError: The recording cannot be read, is silent or too short.
    """
    conditioner, audio = model.conditioner, model.config.audio
    assert isinstance(conditioner, TextureConditioner)
    channels, file_rate = read_channels(path, sample_rate=audio.sample_rate)
    samples = extend_bandwidth(
        channels.mean(0), sample_rate=audio.sample_rate, bandwidth_hz=min(file_rate, audio.sample_rate) / 2
    )
    statistics = TextureStatistics(sample_rate=audio.sample_rate, mels=audio.texture_mels)
    try:
        texture = statistics(normalise(samples, rms_dbfs=audio.rms_dbfs)[None]).to(conditioner.codebook)
    except MediaError as error:
        raise MediaError(f"{path}: {error}") from error
    normal = (conditioner.codebook - texture) / conditioner.texture_std
    distance = normal.square().sum(1).masked_fill(~conditioner.drawn, torch.inf)
    nearest = distance.argmin()[None]
    vector = conditioner.corrected(conditioner.texture_vector(texture), nearest)
    width = conditioner.width[nearest[0]]
    if len(channels) == 2:
        width = measure_width(channels, sample_rate=audio.sample_rate).to(width)
    return vector[0], width
