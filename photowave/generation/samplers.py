"""The sampler that a model needs: compiled or on the device, and with an envelope one that leads another."""

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor

from photowave.generation.following import FollowingSampler, knots_per_block
from photowave.generation.graph_sampler import GraphSampler
from photowave.generation.packing import PackedWaveNet, pack
from photowave.generation.randomness import Purpose
from photowave.generation.sampler import CachedSampler
from photowave.generation.spectral_sampler import SpectralSampler
from photowave.model import PhotowaveModel
from photowave.settings import DrawSettings
from photowave.wavenet import SpectralOutput, WaveNet

Sampler = CachedSampler | SpectralSampler | GraphSampler | FollowingSampler


def pack_model(model: PhotowaveModel) -> dict[WaveNet, PackedWaveNet]:
    """Copy the weights of every WaveNet in a model for the compiled sampler."""
    stacks = [model.wavenet] if model.envelope is None else [model.wavenet, model.envelope.wavenet]
    return {stack: pack(stack) for stack in stacks}


def compiled_sampler(
    wavenet: WaveNet, packed: PackedWaveNet, **arguments: Any
) -> CachedSampler | SpectralSampler:
    """Make the compiled sampler that fits the output; see `CachedSampler` for the arguments."""
    kind = SpectralSampler if isinstance(wavenet.output, SpectralOutput) else CachedSampler
    return kind(wavenet, packed, **arguments)


def frames_per_knot(model: PhotowaveModel) -> float:
    """Frames from one knot of a conditioning track to the next; 1, and not used, where there is none."""
    source = model.envelope or model.conditioner
    return model.config.audio.frame_rate / (source.knots_per_s or 1.0)


def build_sampler(
    model: PhotowaveModel,
    packed: Mapping[WaveNet, PackedWaveNet],
    settings: DrawSettings,
    *,
    vectors: Tensor,
    seeds: Sequence[int],
) -> Sampler:
    """Make what draws the frames of a model: `CachedSampler`, or without `packed` the sampler for devices.

    `vectors` are [sounds, conditioning], or where the model has no envelope also the knots of tracks,
    [sounds, knots, conditioning].
    """
    null, envelope = model.conditioner.null.detach(), model.envelope
    spacing = frames_per_knot(model)

    def sampler(
        wavenet: WaveNet, vectors: Tensor, *, purpose: Purpose = Purpose.FRAMES
    ) -> CachedSampler | SpectralSampler | GraphSampler:
        common: dict[str, Any] = {
            "vectors": vectors,
            "seeds": seeds,
            "frames_per_knot": spacing,
            "temperature": settings.temperature,
            "guidance": settings.guidance,
            "null": null,
            "purpose": purpose,
        }
        if not packed:
            return GraphSampler(wavenet, **common)
        return compiled_sampler(wavenet, packed[wavenet], threads=settings.threads, **common)

    if envelope is None:
        return sampler(model.wavenet, vectors)
    return FollowingSampler(
        envelope,
        coarse=sampler(envelope.wavenet, vectors, purpose=Purpose.ENVELOPE),
        fine=sampler(model.wavenet, vectors[:, None].expand(-1, knots_per_block(spacing), -1)),
        vectors=vectors,
        null=null,
        frames_per_knot=spacing,
        guidance=settings.guidance,
        unheard=envelope.wavenet.receptive_field,
    )
