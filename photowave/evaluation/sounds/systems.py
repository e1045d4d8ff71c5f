"""The systems that make sounds of photos: the model, the model with its photos shuffled, and sines."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from photowave.errors import PairError
from photowave.evaluation.sounds.sonify import corner_frequencies, oscillate
from photowave.evaluation.sounds.types import EvaluatedPhotos, Request, SystemSounds
from photowave.generation import SoundscapeGenerator
from photowave.settings import DrawSettings

_TOGETHER = 16
"""Sounds drawn at once: enough to fill the cores, few enough to spare memory."""
_SWAPS_PER_PHOTO = 20
_TOLD = ("places", "known_place", "texture", "recording", "attribution")
"""What is kept of `Soundscape.info`: what was heard in a photo, and whose recording its sound follows."""
_DEFAULTS = DrawSettings()


def draw_model(
    generator: SoundscapeGenerator,
    photos: EvaluatedPhotos,
    settings: DrawSettings = _DEFAULTS,
    *,
    seeds: int,
    varied: bool = False,
    progress: Callable[[float], None] | None = None,
) -> SystemSounds:
    """Let the model draw: the sound of a photo for seed s is what `generator.generate(path, seed=s)` gives.

    It reads the photos again from their files, in full size, and the time that takes counts, too. The seeds
    of a photo's sounds are 0, 1 and so on. If `varied`, every seed is also another variation: the texture is
    drawn anew, too. `progress` is called with the seconds of sound just drawn.
    """
    generator.warm_up()
    takes = [replace(settings, seed=seed, variation=seed if varied else 0) for seed in range(seeds)]
    wanted = [(path, take) for path in photos.paths for take in takes]
    began = time.perf_counter()
    drawn: list[Tensor] = []
    told: list[dict[str, Any]] = []
    for first in range(0, len(wanted), _TOGETHER):
        sounds = generator.generate_read(
            [generator.read(path, take) for path, take in wanted[first : first + _TOGETHER]],
            settings,
            progress=progress,
        )
        drawn += [torch.from_numpy(sound.mono) for sound in sounds]
        told += [{name: sound.info[name] for name in _TOLD if name in sound.info} for sound in sounds]
    seconds = (time.perf_counter() - began) / len(wanted)
    return SystemSounds(
        name="model",
        samples=torch.stack(drawn).view(len(photos.paths), seeds, -1),
        sources=np.full((len(photos.paths), seeds), -1, dtype=np.int64),
        seconds_per_sound=seconds,
        told=tuple(told[::seeds]),
        drawn_from=np.array([str(of_sound.get("recording", "")) for of_sound in told]).reshape(-1, seeds),
    )


def shuffle_photos(sounds: SystemSounds, photos: EvaluatedPhotos, *, seed: int = 0) -> SystemSounds:
    """Give every photo the sounds of a photo of another scene, as `NAME_shuffled`; nothing is drawn anew."""
    source = shuffled_order(photos, seed=seed)
    return replace(
        sounds,
        name=f"{sounds.name}_shuffled",
        samples=sounds.samples[torch.from_numpy(source)],
        sources=sounds.sources[source],
        told=tuple(sounds.told[place] for place in source) if sounds.told else (),
        drawn_from=None if sounds.drawn_from is None else sounds.drawn_from[source],
    )


def shuffled_order(photos: EvaluatedPhotos, *, seed: int = 0) -> NDArray[np.int64]:
    """Say for each photo which photo of another scene gives it its sounds in a shuffle, int64 [photos].

    Each photo is named exactly once, unless more than half the photos are of one scene: then every photo
    draws one from the other scenes. PairError: all photos are of one scene.
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


def sonified(request: Request, *, rms_dbfs: float = -20.0) -> SystemSounds:
    """Turn each photo into sines; see `photowave.evaluation.sounds.sonify`.

    The seed of the request is that of a photo's first sound; those of the others follow it.
    """
    began, rate, seed = time.perf_counter(), request.real.sample_rate, request.seed
    rows = []
    for image in request.photos.images:
        frequencies = corner_frequencies(image)
        sounds = [
            oscillate(
                frequencies, sample_rate=rate, duration_s=request.duration_s, seed=own, rms_dbfs=rms_dbfs
            )
            for own in range(seed, seed + request.seeds)
        ]
        rows.append(torch.from_numpy(np.stack(sounds)))
    return request.answer("sonify", rows, time.perf_counter() - began)
