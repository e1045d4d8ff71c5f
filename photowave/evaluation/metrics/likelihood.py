"""How well the model predicts recordings it has not heard, in bits per sample, beside simple predictors."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from photowave.audio import HistogramBaseline, LinearPredictorBaseline, TextureStatistics, UniformBaseline
from photowave.evaluation.metrics.vectors import Vectors
from photowave.evaluation.sounds.types import EvaluatedPhotos, RealSounds
from photowave.generation import SoundscapeGenerator
from photowave.model import EnvelopeClip, PhotowaveModel
from photowave.model.scoring import bits_in_all

CLIPS = 64
"""Clips that are scored."""
CLIP_S = 1.0
"""Length of a clip in seconds."""
_FIT_S = 10


@dataclass(frozen=True, kw_only=True, eq=False)
class Likelihood:
    """Bits per sample of each clip: -log2 P(16-bit step), a mean over its samples."""

    own: Vectors
    """With the vector the decoder is trained with, [clips]: that of the texture around the clip, or for a
    model of kind `photo` that of the photo, as in `right`. A decoder that follows an envelope is told that of
    the clip, free of charge."""
    right: Vectors
    """With the vector of a photo of the clip's scene, [clips]; NaN where the split has none. What the
    envelope costs more than with the vector of `own` is in it."""
    wrong: Vectors
    """With the vector of a photo of another scene, likewise, [clips]; NaN where the split has none, and where
    there is an envelope but no `own`."""
    baselines: dict[str, Vectors]
    """`uniform`, `histogram` and `linear_predictor`, [clips] each; empty without training recordings."""
    recordings: NDArray[np.int64]
    """Recording that each clip was cut from, [clips]."""

    @property
    def swap_gain(self) -> Vectors:
        """What a wrong photo costs against a right one, in bits per sample, [clips]."""
        return self.wrong - self.right


def measure_likelihood(
    generator: SoundscapeGenerator,
    real: RealSounds,
    photos: EvaluatedPhotos,
    *,
    split: str,
    seed: int,
    clips: int = CLIPS,
    clip_s: float = CLIP_S,
    progress: Callable[[int], None] | None = None,
) -> Likelihood | None:
    """Score clips of the recordings of one split, each from an empty past, as in training.

    Scenes come equally often; inside a scene every excerpt is as likely. The baselines see the same clips
    and are fitted on the training recordings, the linear predictor on the first ten seconds of each. A clip
    lasts `clip_s`, at most as long as an excerpt. None if the split has no recording.
    """
    if not (real.splits == split).any():
        return None
    model, audio = generator.model, generator.model.config.audio
    statistics = TextureStatistics(sample_rate=audio.sample_rate, mels=audio.texture_mels)
    features = generator.encoder.encode(photos.images)
    bands = model.codec.bands
    length = max(1, min(round(clip_s * audio.sample_rate), real.samples.shape[1]) // bands) * bands
    bits = np.full((3, clips), np.nan)
    cut = [_cut(real, photos, split=split, length=length, random=(seed, index)) for index in range(clips)]
    for index, clip in enumerate(cut):
        vectors, there = _vectors(model, clip, features, statistics(clip.around[None]), generator.device)
        with torch.no_grad():
            frames = model.codec.encode(clip.samples[None].to(generator.device))
            around = _envelope(model, clip, count=len(vectors), device=generator.device)
            scored = bits_in_all(model, frames.expand(len(vectors), *frames.shape[1:]), vectors, around)
        bits[there, index] = scored.double().cpu().numpy()
        if progress is not None:
            progress(1)
    return Likelihood(
        own=bits[0],
        right=bits[1],
        wrong=bits[2],
        baselines=_baselines(real, [clip.samples for clip in cut], levels=model.codec.levels),
        recordings=np.array([clip.recording for clip in cut], np.int64),
    )


class _Clip(NamedTuple):
    """A clip [time], where it starts in the excerpt around it [time], recording, two photos, and chance.

    Of the photos one is of the clip's scene and one of another.
    """

    samples: Tensor
    start: int
    around: Tensor
    recording: int
    photos: tuple[int | None, int | None]
    uniform: float


def _cut(
    real: RealSounds, photos: EvaluatedPhotos, *, split: str, length: int, random: tuple[int, int]
) -> _Clip:
    """Cut the clip that belongs to a seed and a number."""
    draw = np.random.default_rng(random)
    here = real.splits == split
    scene = draw.choice(np.unique(real.scenes[here]))
    excerpt = int(draw.choice(np.flatnonzero(here & (real.scenes == scene))))
    around = real.samples[excerpt]
    start = int(draw.integers(len(around) - length + 1))
    right = _pick(photos.scenes == scene, float(draw.random()))
    wrong = _pick(photos.scenes != scene, float(draw.random()))
    return _Clip(
        samples=around[start : start + length],
        start=start,
        around=around,
        recording=int(real.recordings[excerpt]),
        photos=(right, wrong),
        uniform=float(draw.random(dtype=np.float32)),
    )


def _pick(allowed: NDArray[np.bool_], share: float) -> int | None:
    """One of the allowed indices; None where there is none."""
    found = np.flatnonzero(allowed)
    return int(found[int(share * len(found))]) if len(found) else None


def _vectors(
    model: PhotowaveModel, clip: _Clip, features: Tensor, texture: Tensor, device: torch.device
) -> tuple[Tensor, list[int]]:
    """Vectors of the clip's texture and photos [vectors, conditioning]; which of the three exist."""
    chance = torch.tensor([clip.uniform], dtype=torch.float32, device=device)
    right, _ = clip.photos
    vectors, there = [], []
    with torch.no_grad():
        # Only a conditioner that was trained on photos looks at the features here; it must not see a photo of
        # another scene.
        if right is not None or model.config.conditioning.kind != "photo":
            known = features[[right or 0]].to(device)
            vectors.append(model.conditioner.training_vector(known, texture.to(device)))
            there.append(0)
        for row, photo in enumerate(clip.photos, 1):
            if photo is not None:
                vectors.append(model.conditioner.photo_vector(features[[photo]].to(device), chance))
                there.append(row)
    return torch.cat(vectors), there


def _envelope(model: PhotowaveModel, clip: _Clip, *, count: int, device: torch.device) -> EnvelopeClip:
    """Envelope of the excerpt around the clip, `count` times; nothing where the model has none."""
    if model.spectra is None:
        empty = torch.zeros(count, 0, device=device)
        return EnvelopeClip(empty, empty, empty, empty.bool())
    spectra = model.spectra(clip.around[None].to(device)).expand(count, -1, -1)
    place = torch.full((count,), clip.start / model.spectra.step, device=device)
    known = torch.ones(spectra.shape[:2], dtype=torch.bool, device=device)
    return EnvelopeClip(spectra=spectra, place=place, stretch=spectra, known=known)


def _baselines(real: RealSounds, heard: list[Tensor], *, levels: int | None) -> dict[str, Vectors]:
    """Fit on the training recordings, score each clip; see `measure_likelihood`.

    Where the model answers mu-law levels, the linear predictor sees and answers the same; otherwise it
    answers 16-bit steps, and uniform and histogram know 256 levels.
    """
    train = real.splits == "train"
    if not train.any():
        return {}
    recordings = [
        real.samples[train & (real.recordings == number)].flatten()
        for number in np.unique(real.recordings[train])
    ]
    starts = [samples[: _FIT_S * real.sample_rate] for samples in recordings]
    fitted: dict[str, UniformBaseline | HistogramBaseline | LinearPredictorBaseline] = {
        "uniform": UniformBaseline(levels=levels or 256),
        "histogram": HistogramBaseline(levels=levels or 256).fit(recordings),
        "linear_predictor": LinearPredictorBaseline(levels=levels).fit(starts),
    }
    return {name: np.array([baseline.score([clip]) for clip in heard]) for name, baseline in fitted.items()}
