"""Does a long sound stay what it is? Level and spectrum along it, and how it begins.

    python scripts/long_sounds.py [--model FILE] [--pairs FOLDER] [--duration_s 30] [--seeds 2] [--out FILE]

One photo of each scene is drawn for half a minute, and the sound cut into stretches of five seconds. Printed:

- level of each stretch against that of the training, in dB;
- slope of the level over the whole sound, in dB per minute;
- mean absolute difference between the mel spectra of the first and of the last stretch, in dB, beside that of
  neighbouring stretches: without a drift the two are alike;
- loudest sample of the first 20 ms against the loudest of the second after it: a click lies far above 1.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

import photowave
from photowave.evaluation.spectral import mean_mel_db
from photowave.pairs.opening import Splits, open_pairs

STRETCH_S = 5.0
BEGINNING_S = 0.02


def measure(sounds: Tensor, *, sample_rate: int, rms_dbfs: float) -> dict[str, NDArray[np.float64]]:
    """Measure long sounds.

    Args:
        sounds: [sounds, time]; at least two stretches long.
        sample_rate: In Hz.
        rms_dbfs: Level of the training.

    Returns:
        `level_db` [sounds, stretches] against the training, `slope_db_per_min`, `first_to_last_db`,
        `neighbours_db` and `beginning`, [sounds].
    """
    length = round(STRETCH_S * sample_rate)
    stretches = sounds.double().unfold(1, length, length)
    level = 10 * stretches.square().mean(2).clamp_min(1e-12).log10()
    minutes = torch.arange(level.shape[1]).double() * STRETCH_S / 60
    minutes = minutes - minutes.mean()
    spectra = torch.stack([mean_mel_db(part, sample_rate) for part in stretches.transpose(0, 1)], 1)
    beginning = round(BEGINNING_S * sample_rate)
    loudest = sounds[:, beginning : beginning + sample_rate].abs().amax(1).clamp_min(1e-6)
    return {
        "level_db": (level - rms_dbfs).numpy(),
        "slope_db_per_min": (level @ minutes / minutes.square().sum()).numpy(),
        "first_to_last_db": (spectra[:, 0] - spectra[:, -1]).abs().mean(1).numpy(),
        "neighbours_db": spectra.diff(dim=1).abs().mean((1, 2)).numpy(),
        "beginning": (sounds[:, :beginning].abs().amax(1) / loudest).double().numpy(),
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Draw, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="default", help="a model file, or 'default'")
    parser.add_argument("--pairs", default=None, help="folder of scenes or manifest; default: the starters")
    parser.add_argument("--split", default="val", choices=("train", "val", "test"))
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--duration_s", type=float, default=30.0)
    parser.add_argument("--out", default=None, help="JSON file for the figures")
    given = parser.parse_args(arguments)
    if given.duration_s < 2 * STRETCH_S:
        parser.error(f"--duration_s {given.duration_s:g}: at least {2 * STRETCH_S:g} s are needed. Try 30.")
    model = photowave.load(given.model)
    pairing = open_pairs(given.pairs, Splits()).split(given.split).pairs("scene")
    scenes = [scene or "" for scene in pairing.photo_scenes]
    photos = [pairing.photos[scenes.index(scene)] for scene in sorted(set(scenes))]
    drawn = [
        torch.from_numpy(model.generate(photo, seed=seed, duration_s=given.duration_s).samples)
        for photo in photos
        for seed in range(given.seeds)
    ]
    level_dbfs = model.model.config.audio.rms_dbfs
    found = measure(torch.stack(drawn), sample_rate=model.sample_rate, rms_dbfs=level_dbfs)
    names = [scene for scene in sorted(set(scenes)) for _ in range(given.seeds)]
    print("level of each stretch against that of the training, dB")
    for name, row in zip(names, found["level_db"], strict=True):
        print(f"  {name:16} " + " ".join(f"{value:+5.1f}" for value in row))
    for name in ("slope_db_per_min", "first_to_last_db", "neighbours_db", "beginning"):
        values = found[name]
        print(f"{name:17} {values.mean():+.2f} +- {values.std():.2f}, largest {np.abs(values).max():.2f}")
    whole = np.abs(10 * np.log10((10 ** (found["level_db"] / 10)).mean(1)))
    print(f"level of a whole  {whole.mean():.2f} dB off, largest {whole.max():.2f}, sounds {len(whole)}")
    if given.out:
        listed = {name: values.tolist() for name, values in found.items()}
        result = {"model_sha256": model.loaded.sha256, "scenes": names, **listed}
        Path(given.out).write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
