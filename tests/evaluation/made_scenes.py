"""Three made-up scenes that differ clearly, at 8 kHz in excerpts of a second: hiss, rumble and pulses."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from photowave.audio import normalise
from photowave.evaluation.sounds.types import EvaluatedPhotos, RealSounds, Request, SystemSounds

RATE = 8_000
BANDS_HZ = {"hiss": (1_500, 3_500), "pulse": (300, 1_500), "rumble": (20, 300)}
RECORDINGS = 4
EXCERPTS = 2


def made_sound(scene: str, seed: int, seconds: int = 1) -> Tensor:
    """Noise in the scene's band, whose edges vary from sound to sound; pulses come eight times a second."""
    random = np.random.default_rng((seed, len(scene), ord(scene[0])))
    low, high = np.array(BANDS_HZ[scene]) * random.uniform(0.9, 1.1, 2)
    count = seconds * RATE
    spectrum = np.fft.rfft(random.standard_normal(count))
    hertz = np.fft.rfftfreq(count, 1 / RATE)
    # Outside the band 40 dB less, not nothing: no recording is empty anywhere.
    spectrum *= np.where((hertz > low) & (hertz < high), 1.0, 0.01)
    samples = np.fft.irfft(spectrum, count)
    if scene == "pulse":
        samples *= 0.05 + (np.arange(count) * 8 / RATE % 1 < 0.3)
    return normalise(torch.from_numpy(samples), rms_dbfs=-20.0).float()


def made_real() -> RealSounds:
    """Four recordings of two excerpts each for every scene; half of them train."""
    samples, recordings, scenes, splits = [], [], [], []
    number = 0
    for scene in BANDS_HZ:
        for index in range(RECORDINGS):
            recording = made_sound(scene, index, seconds=EXCERPTS)
            for excerpt in recording.split(RATE):
                samples.append(excerpt)
                recordings.append(number)
                scenes.append(scene)
                splits.append(("train", "train", "val", "test")[index])
            number += 1
    return RealSounds(
        samples=torch.stack(samples),
        recordings=np.array(recordings),
        scenes=np.array(scenes),
        splits=np.array(splits),
        names=tuple(f"{n}.wav" for n in range(number)),
        sample_rate=RATE,
        files={f"{n}.wav": n for n in range(number)},
    )


def made_photos(per_scene: int = 3) -> EvaluatedPhotos:
    """Patches of colour; what counts is their scene."""
    scenes = np.repeat(list(BANDS_HZ), per_scene)
    patches = np.random.default_rng(0).integers(0, 256, (len(scenes), 8, 8, 3), dtype=np.uint8)
    return EvaluatedPhotos(
        paths=tuple(Path(f"{n}.png") for n in range(len(scenes))),
        images=tuple(Image.fromarray(p).resize((80, 80), Image.Resampling.NEAREST) for p in patches),
        scenes=scenes,
    )


def good_model(photos: EvaluatedPhotos, *, seeds: int) -> SystemSounds:
    """A system that gives every photo fresh sounds of its scene."""
    rows = [
        torch.stack([made_sound(scene, 1000 + 50 * photo + own) for own in range(seeds)])
        for photo, scene in enumerate(photos.scenes)
    ]
    return SystemSounds(
        name="model",
        samples=torch.stack(rows),
        sources=np.full((len(rows), seeds), -1),
        seconds_per_sound=0.5,
    )


def white_noise(request: Request) -> SystemSounds:
    """White Gaussian noise of -20 dBFS, anew for each sound."""
    shape = (len(request.photos.scenes), request.seeds, request.count)
    samples = 0.1 * np.random.default_rng(request.seed).standard_normal(shape)
    return request.answer("white_noise", list(torch.from_numpy(samples).float()), 1.0)


def silence(request: Request) -> SystemSounds:
    """Nothing but zeros."""
    rows = list(torch.zeros(len(request.photos.scenes), request.seeds, request.count))
    return request.answer("silence", rows, 1.0)


def constant(request: Request) -> SystemSounds:
    """The same real excerpt for every photo: a good sound that knows nothing of any photo."""
    shape = (len(request.photos.scenes), request.seeds, request.count)
    return SystemSounds(
        name="constant",
        samples=request.real.samples[9, : request.count].expand(shape),
        sources=np.full(shape[:2], request.real.recordings[9]),
        seconds_per_sound=float("nan"),
    )
