"""Does a long sound stay what it is? Level and spectrum along it, and how it begins.

    python scripts/long_sounds.py [--model FILE] [--pairs FOLDER] [--duration_s 30] [--photos 1] [--seeds 2]
                                  [--out FILE]

Photos of each scene are drawn for half a minute, and the sounds cut into stretches of five seconds. Printed:

- level of each stretch against that of the recordings which the model was trained on for this scene, in dB;
- slope of the level over the whole sound, in dB per minute;
- mean absolute difference between the mel spectra of the first and of the last stretch, in dB, beside that of
  neighbouring stretches: without a drift the two are alike;
- level of whole sounds against these recordings, against the one recording whose texture the photo was given
  (a photo may be told as another scene), and against what the model asks of all recordings alike (recordings
  with sharp peaks stay below it, see `audio.level.normalise`);
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
from photowave.audio import rms_dbfs
from photowave.evaluation.spectral import mean_mel_db
from photowave.model import TextureConditioner
from photowave.pairs.bank import SoundBank
from photowave.pairs.opening import Splits, open_pairs

STRETCH_S = 5.0
BEGINNING_S = 0.02
MOST_OFF_DB = 3.0
CLIP_S, WINDOW_S, FADE_S = 0.5, 5.0, 1.0
"""As in `configs/scenes.yaml`."""


def measure(
    sounds: Tensor, *, sample_rate: int, level_dbfs: float | Sequence[float]
) -> dict[str, NDArray[np.float64]]:
    """Measure long sounds.

    Args:
        sounds: [sounds, time]; at least two stretches long.
        sample_rate: In Hz.
        level_dbfs: Level to compare with, one for all or one for each sound.

    Returns:
        `level_db` [sounds, stretches] against `level_dbfs`, `slope_db_per_min`, `first_to_last_db`,
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
        "level_db": (level - torch.tensor(level_dbfs).double().reshape(-1, 1)).numpy(),
        "slope_db_per_min": (level @ minutes / minutes.square().sum()).numpy(),
        "first_to_last_db": (spectra[:, 0] - spectra[:, -1]).abs().mean(1).numpy(),
        "neighbours_db": spectra.diff(dim=1).abs().mean((1, 2)).numpy(),
        "beginning": (sounds[:, :beginning].abs().amax(1) / loudest).double().numpy(),
    }


def scene_levels(bank: SoundBank, scenes: Sequence[str | None]) -> dict[str, float]:
    """Level of the recordings of each scene as training hears them, mean power of recordings in dBFS."""
    powers: dict[str, list[float]] = {}
    for recording, scene in zip(bank.recordings, scenes, strict=True):
        powers.setdefault(scene or "", []).append(float(recording.samples.double().square().mean()))
    return {scene: 10 * float(np.log10(np.mean(values))) for scene, values in powers.items()}


@torch.no_grad()
def recording_level(bank: SoundBank, conditioner: TextureConditioner, vector: Tensor) -> float:
    """Level of the recording whose texture a conditioning vector stands for, in dBFS.

    Args:
        bank: The recordings that the model was trained on.
        conditioner: Its conditioner.
        vector: What it made of a photo, [channels].
    """
    entry = int((conditioner.texture_vector(conditioner.codebook) - vector).abs().sum(1).argmin())
    owner, _ = bank.nearest(conditioner.codebook[entry : entry + 1])
    return rms_dbfs(bank.recordings[int(owner)].samples)


def main(arguments: Sequence[str] | None = None) -> None:
    """Draw, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="default", help="a model file, or 'default'")
    parser.add_argument("--pairs", default=None, help="folder of scenes or manifest; default: the starters")
    parser.add_argument("--split", default="val", choices=("train", "val", "test"))
    parser.add_argument("--photos", type=int, default=1, help="photos of each scene")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--duration_s", type=float, default=30.0)
    parser.add_argument("--out", default=None, help="JSON file for the figures")
    given = parser.parse_args(arguments)
    if given.duration_s < 2 * STRETCH_S:
        parser.error(f"--duration_s {given.duration_s:g}: at least {2 * STRETCH_S:g} s are needed. Try 30.")
    model = photowave.load(given.model)
    manifest = open_pairs(given.pairs, Splits())
    audio = model.model.config.audio
    heard = manifest.split("train").pairs("scene")
    bank = SoundBank(heard.sounds, audio=audio, clip_s=CLIP_S, window_s=WINDOW_S, fade_s=FADE_S)
    of_scene = scene_levels(bank, heard.sound_scenes)
    pairing = manifest.split(given.split).pairs("scene")
    of_photo = [
        (scene or "", photo) for scene, photo in zip(pairing.photo_scenes, pairing.photos, strict=True)
    ]
    chosen = [
        (scene, photo)
        for scene in sorted({scene for scene, _ in of_photo})
        for photo in [photo for other, photo in of_photo if other == scene][: given.photos]
    ]
    drawn, names, own = [], [], []
    conditioner = model.model.conditioner
    for scene, photo in chosen:
        for seed in range(given.seeds):
            sound = model.generate(photo, seed=seed, duration_s=given.duration_s)
            drawn.append(torch.from_numpy(sound.samples))
            names.append(scene)
            if isinstance(conditioner, TextureConditioner):
                own.append(recording_level(bank, conditioner, model.read(photo, seed=seed).vector))
    expected = np.array([of_scene.get(name, audio.rms_dbfs) for name in names])
    found = measure(torch.stack(drawn), sample_rate=model.sample_rate, level_dbfs=expected.tolist())
    print("level of each stretch against that of the scene's recordings in training, dB")
    for name, row in zip(names, found["level_db"], strict=True):
        print(f"  {name:16} " + " ".join(f"{value:+5.1f}" for value in row))
    for name in ("slope_db_per_min", "first_to_last_db", "neighbours_db", "beginning"):
        values = found[name]
        print(f"{name:17} {values.mean():+.2f} +- {values.std():.2f}, largest {np.abs(values).max():.2f}")
    whole = 10 * np.log10((10 ** (found["level_db"] / 10)).mean(1))
    found["whole_db"], found["whole_db_from_asked"] = whole, whole + expected - audio.rms_dbfs
    levels = {"that of the scene": whole, f"{audio.rms_dbfs:g} dBFS": found["whole_db_from_asked"]}
    if own:
        found["whole_db_from_recording"] = whole + expected - np.array(own)
        levels["that of its own recording"] = found["whole_db_from_recording"]
    for what, off in levels.items():
        print(
            f"level of a whole from {what}: {np.abs(off).mean():.2f} dB off, "
            f"largest {np.abs(off).max():.2f}, {int((np.abs(off) > MOST_OFF_DB).sum())} of {len(off)} sounds "
            f"more than {MOST_OFF_DB:g} dB off"
        )
    if given.out:
        listed = {name: values.tolist() for name, values in found.items()}
        result = {"model_sha256": model.loaded.sha256, "scenes": names, **listed}
        Path(given.out).write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
