"""The systems that are compared: each makes sounds for the same photos, the model as well as the baselines.

All give float32 within -1 to 1, [photos, seeds, time]. Where one needs chance, its `seed` decides. `silence`,
`white_noise` and `constant` are for checks of one's own: a figure that one of them wins says little.
"""

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from photowave.errors import PairError
from photowave.evaluation.noise import filtered_noise, silence, white_noise
from photowave.evaluation.sonify import corner_frequencies, oscillate
from photowave.evaluation.taken import constant, nearest_photo, real_sounds
from photowave.evaluation.types import EvaluatedPhotos, RealSounds, SystemSounds
from photowave.generation import SoundscapeGenerator

__all__ = [
    "constant",
    "draw_model",
    "filtered_noise",
    "nearest_photo",
    "real_sounds",
    "shuffle_photos",
    "shuffled_order",
    "silence",
    "sonified",
    "white_noise",
]

_TOGETHER = 16
"""Sounds drawn at once: enough to fill the cores, few enough to spare memory."""
_SWAPS_PER_PHOTO = 20


def draw_model(
    generator: SoundscapeGenerator,
    photos: EvaluatedPhotos,
    *,
    seeds: int,
    duration_s: float = 5.0,
    temperature: float = 1.0,
    guidance: float = 1.0,
    varied: bool = False,
    threads: int | None = None,
    progress: Callable[[float], None] | None = None,
) -> SystemSounds:
    """Let the model draw: the sound of a photo for seed s is what `generator.generate(path, seed=s)` gives.

    For that the photos are read again from their files, in full size.

    Args:
        generator: The model.
        photos: Their `paths` are used.
        seeds: Sounds per photo; their seeds are 0, 1 and so on.
        duration_s: Length in seconds.
        temperature: See `SoundscapeGenerator.generate`.
        guidance: See `SoundscapeGenerator.generate`.
        varied: Every seed is also another variation: the texture is drawn anew, too.
        threads: Threads to draw with; None: one per core.
        progress: Called with the seconds of sound just drawn.

    Returns:
        The system `model`. Its `seconds_per_sound` include reading the photo.

    Raises:
        MediaError: A photo cannot be read.
        ConfigError: A setting is out of range.
        CheckpointError: The photo encoder is not the one the model was trained with.
    """
    generator.warm_up()
    wanted = [(path, seed) for path in photos.paths for seed in range(seeds)]
    began = time.perf_counter()
    drawn: list[Tensor] = []
    for first in range(0, len(wanted), _TOGETHER):
        sounds = generator.generate_read(
            [
                generator.read(path, seed=seed, variation=seed if varied else 0)
                for path, seed in wanted[first : first + _TOGETHER]
            ],
            duration_s=duration_s,
            temperature=temperature,
            guidance=guidance,
            threads=threads,
            progress=progress,
        )
        drawn += [torch.from_numpy(sound.samples) for sound in sounds]
    taken = (time.perf_counter() - began) / len(wanted)
    return SystemSounds(
        name="model",
        samples=torch.stack(drawn).view(len(photos.paths), seeds, -1),
        sources=np.full((len(photos.paths), seeds), -1, dtype=np.int64),
        seconds_per_sound=taken,
    )


def shuffle_photos(sounds: SystemSounds, photos: EvaluatedPhotos, *, seed: int = 0) -> SystemSounds:
    """Give every photo the sounds of a photo of another scene; nothing is drawn anew.

    Args:
        sounds: What a system made of the photos.
        photos: The photos.
        seed: Another seed, another shuffle.

    Returns:
        The system `NAME_shuffled`, such as `model_shuffled`.

    Raises:
        PairError: All photos are of one scene.
    """
    source = shuffled_order(photos, seed=seed)
    return replace(
        sounds,
        name=f"{sounds.name}_shuffled",
        samples=sounds.samples[torch.from_numpy(source)],
        sources=sounds.sources[source],
    )


def shuffled_order(photos: EvaluatedPhotos, *, seed: int = 0) -> NDArray[np.int64]:
    """Say for each photo which photo of another scene gives it its sounds in a shuffle.

    Each photo is named exactly once, unless more than half the photos are of one scene: then every photo
    draws one from the other scenes.

    Args:
        photos: The photos.
        seed: Another seed, another shuffle.

    Returns:
        Indices of photos, int64 [photos].

    Raises:
        PairError: All photos are of one scene.
    """
    scenes = photos.scenes
    names, counts = np.unique(scenes, return_counts=True)
    if len(names) < 2:
        raise PairError(
            f"all {len(scenes)} photos are of scene '{''.join(names)}'; shuffling needs two scenes or more. "
            "Evaluate more scenes."
        )
    rng = np.random.default_rng(seed)
    if 2 * counts.max() > len(scenes):
        return np.array([rng.choice(np.flatnonzero(scenes != scene)) for scene in scenes], dtype=np.int64)
    # Sorted by scene, whoever stands as far away as the largest scene is long is of another one.
    order = np.argsort(scenes, kind="stable")
    source = np.empty(len(scenes), dtype=np.int64)
    source[order] = np.roll(order, counts.max())
    for one, other in rng.integers(len(scenes), size=(_SWAPS_PER_PHOTO * len(scenes), 2)):
        if scenes[source[one]] != scenes[other] and scenes[source[other]] != scenes[one]:
            source[[one, other]] = source[[other, one]]
    return source


def sonified(
    photos: EvaluatedPhotos,
    real: RealSounds,
    *,
    seeds: int,
    duration_s: float = 5.0,
    seed: int = 0,
    rms_dbfs: float = -20.0,
) -> SystemSounds:
    """Turn each photo into sines; see `photowave.evaluation.sonify`.

    Args:
        photos: Their `images` are used.
        real: Tells the sample rate.
        seeds: Sounds per photo.
        duration_s: Length in seconds.
        seed: Seed of a photo's first sound; those of the others follow it.
        rms_dbfs: Level in dB relative to full scale.

    Returns:
        The system `sonify`.

    Raises:
        ConfigError: A setting is out of range.
    """
    began = time.perf_counter()
    rows = []
    for image in photos.images:
        frequencies = corner_frequencies(image)
        sounds = [
            oscillate(
                frequencies, sample_rate=real.sample_rate, duration_s=duration_s, seed=own, rms_dbfs=rms_dbfs
            )
            for own in range(seed, seed + seeds)
        ]
        rows.append(torch.from_numpy(np.stack(sounds)))
    taken = (time.perf_counter() - began) / (len(rows) * seeds)
    return SystemSounds(
        name="sonify",
        samples=torch.stack(rows),
        sources=np.full((len(rows), seeds), -1, dtype=np.int64),
        seconds_per_sound=taken,
    )
