"""Does a long sound stay what it is? Level and spectrum along it, and how it begins.

|  5 s  |  5 s  |  5 s  | ...    level and mel spectrum of each stretch
||                               its first 20 ms: a click lies far above what follows
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from photowave.audio import rms_dbfs
from photowave.errors import ConfigError
from photowave.evaluation.features.spectrum import mean_mel_db
from photowave.generation import SoundscapeGenerator
from photowave.model import TextureConditioner
from photowave.pairs.bank import SoundBank
from photowave.pairs.manifest import Manifest
from photowave.settings import DataSettings, DrawSettings

STRETCH_S = 5.0
"""Length of a stretch in seconds."""
_BEGINNING_S = 0.02


@dataclass(frozen=True, eq=False)
class Course:
    """How long sounds go on."""

    level_dbfs: NDArray[np.float64]
    """Level of each stretch, [sounds, stretches]."""
    slope_db_per_min: NDArray[np.float64]
    """Slope of the level over the whole sound, [sounds]."""
    first_to_last_db: NDArray[np.float64]
    """Mean absolute difference between the mel spectra of the first and of the last stretch, [sounds]."""
    neighbours_db: NDArray[np.float64]
    """The same of stretches that follow each other: without a drift the two are alike, [sounds]."""
    beginning: NDArray[np.float64]
    """Loudest sample of the first 20 ms over the loudest of the second after it, [sounds]."""


@dataclass(frozen=True, eq=False)
class LongSounds:
    """The course of the sounds for some photos of each scene, and what their levels are compared with."""

    course: Course
    """How they go on."""
    scenes: tuple[str, ...]
    """Scene of the photo of each sound."""
    of_scene_dbfs: NDArray[np.float64]
    """Mean level of the recordings of that scene that the model was trained on, [sounds]."""
    of_recording_dbfs: NDArray[np.float64]
    """Level of the one recording whose texture the photo was given (which may be of another scene), [sounds];
    NaN for a model without textures."""
    asked_dbfs: float
    """What the model asks of all recordings alike; those with sharp peaks stay below it, see `normalise`."""

    @property
    def whole_dbfs(self) -> NDArray[np.float64]:
        """Level of whole sounds, [sounds]."""
        whole: NDArray[np.float64] = 10 * np.log10((10 ** (self.course.level_dbfs / 10)).mean(1))
        return whole


def draw_long_sounds(
    model: SoundscapeGenerator,
    manifest: Manifest,
    data: DataSettings,
    draw: DrawSettings,
    *,
    split: str = "val",
    photos: int = 1,
    seeds: int = 2,
) -> LongSounds:
    """Draw long sounds for photos of each scene, and measure them.

    Args:
        model: What draws.
        manifest: All splits.
        data: How the training of the model cut recordings: `clip_s`, `window_s` and `fade_s` are used.
        draw: How to draw; at least two stretches long. Its seed is not used.
        split: Whose photos.
        photos: Photos of each scene, at the most.
        seeds: Sounds per photo; their seeds are 0, 1 and so on.

    Raises:
        ConfigError: The sounds are too short.
    """
    if draw.duration_s < 2 * STRETCH_S:
        raise ConfigError(
            f"duration_s={draw.duration_s:g}: at least {2 * STRETCH_S:g} seconds are needed. Common: 30."
        )
    audio, conditioner = model.model.config.audio, model.model.conditioner
    heard = manifest.split("train").pairs("scene")
    bank = SoundBank(
        heard.sounds, audio=audio, clip_s=data.clip_s, window_s=data.window_s, fade_s=data.fade_s
    )
    of_scene = scene_levels(bank, heard.sound_scenes)
    pairing = manifest.split(split).pairs("scene")
    of_photo: dict[str, list[Path]] = {}
    for scene, photo in zip(pairing.photo_scenes, pairing.photos, strict=True):
        of_photo.setdefault(scene or "", []).append(photo)
    drawn, scenes, own = [], [], []
    for scene in sorted(of_photo):
        for photo, seed in itertools.product(of_photo[scene][:photos], range(seeds)):
            reading = model.read(photo, replace(draw, seed=seed))
            (sound,) = model.generate_read([reading], draw)
            drawn.append(torch.from_numpy(sound.mono))
            scenes.append(scene)
            if isinstance(conditioner, TextureConditioner):
                own.append(recording_level(bank, conditioner, reading.voices[0].vector))
    return LongSounds(
        course=measure_course(torch.stack(drawn), model.sample_rate),
        scenes=tuple(scenes),
        of_scene_dbfs=np.array([of_scene.get(scene, audio.rms_dbfs) for scene in scenes]),
        of_recording_dbfs=np.array(own or [np.nan] * len(scenes)),
        asked_dbfs=audio.rms_dbfs,
    )


def measure_course(sounds: Tensor, sample_rate: int) -> Course:
    """Measure sounds [sounds, time], at least two stretches long."""
    length = round(STRETCH_S * sample_rate)
    stretches = sounds.double().unfold(1, length, length)
    level = 10 * stretches.square().mean(2).clamp_min(1e-12).log10()
    minutes = torch.arange(level.shape[1]).double() * STRETCH_S / 60
    minutes = minutes - minutes.mean()
    spectra = torch.stack([mean_mel_db(part, sample_rate) for part in stretches.transpose(0, 1)], 1)
    beginning = round(_BEGINNING_S * sample_rate)
    loudest = sounds[:, beginning : beginning + sample_rate].abs().amax(1).clamp_min(1e-6)
    return Course(
        level_dbfs=level.numpy(),
        slope_db_per_min=(level @ minutes / minutes.square().sum()).numpy(),
        first_to_last_db=(spectra[:, 0] - spectra[:, -1]).abs().mean(1).numpy(),
        neighbours_db=spectra.diff(dim=1).abs().mean((1, 2)).numpy(),
        beginning=(sounds[:, :beginning].abs().amax(1) / loudest).double().numpy(),
    )


def scene_levels(bank: SoundBank, scenes: Sequence[str | None]) -> dict[str, float]:
    """Level of the recordings of each scene as training hears them, mean power of recordings in dBFS."""
    powers: dict[str, list[float]] = {}
    for recording, scene in zip(bank.recordings, scenes, strict=True):
        powers.setdefault(scene or "", []).append(float(recording.samples.double().square().mean()))
    return {scene: 10 * float(np.log10(np.mean(values))) for scene, values in powers.items()}


@torch.no_grad()
def recording_level(bank: SoundBank, conditioner: TextureConditioner, vector: Tensor) -> float:
    """Level of the recording whose texture a conditioning vector [channels] stands for, in dBFS."""
    known = conditioner.entry_vector(torch.arange(len(conditioner.codebook)))
    entry = int((known - vector).abs().sum(1).argmin())
    owner, _ = bank.nearest(conditioner.codebook[entry : entry + 1])
    return rms_dbfs(bank.recordings[int(owner)].samples)
