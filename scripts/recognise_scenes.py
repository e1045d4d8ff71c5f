"""Does a generated sound fit its photo? Asks a classifier that knows real recordings only.

    python scripts/recognise_scenes.py [--model FILE] [--pairs FOLDER] [--split test] [--seeds 3]

The classifier is a logistic regression on texture vectors (mean and spread of log-mel bands over five
seconds) of real recordings. Its own accuracy on recordings it has not heard is the ceiling, one over the
number of scenes is chance. It judges sounds drawn for the photos of one split, which no training has seen if
the split is `val` or `test`. Beside it stands how often the texture that the photo chose is recognised: what
the photo side gives away before the decoder begins.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

import photowave
from photowave.audio import TextureStatistics
from photowave.generation import SoundscapeGenerator
from photowave.generation.reading import photo_seed
from photowave.image import read_photo
from photowave.model import TextureConditioner
from photowave.pairs.bank import SoundBank
from photowave.pairs.manifest import Manifest
from photowave.pairs.opening import Splits, open_pairs

SPLITS = ("train", "val", "test")
DB_PER_NEPER = 10 / np.log(10)
"""Decibels per unit of the natural logarithm of power."""


def real_textures(manifest: Manifest, model: SoundscapeGenerator) -> tuple[NDArray, NDArray]:
    """Textures of all windows of the recordings [windows, texture] and their scenes [windows]."""
    pairing = manifest.pairs("scene")
    bank = SoundBank(pairing.sounds, audio=model.model.config.audio, clip_s=0.1, window_s=5.0)
    textures = torch.cat([recording.textures for recording in bank.recordings])
    scenes = np.repeat(pairing.sound_scenes, [len(recording.textures) for recording in bank.recordings])
    return textures.numpy(), scenes


def classifier() -> Pipeline:
    """Make a classifier that has heard nothing yet."""
    return make_pipeline(
        StandardScaler(), LogisticRegression(C=0.03, class_weight="balanced", max_iter=5000, random_state=0)
    )


def balanced(judge: Pipeline, textures: NDArray, scenes: NDArray) -> float:
    """Share recognised, each scene counting alike."""
    found = judge.predict(textures)
    return float(np.mean([np.mean(found[scenes == scene] == scene) for scene in np.unique(scenes)]))


def main() -> None:
    """Draw, ask, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="default", help="a model file, or 'default'")
    parser.add_argument(
        "--pairs", default=None, help="folder of scenes or manifest; default: the starter scenes"
    )
    parser.add_argument("--split", default="test", choices=SPLITS)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--temperature", type=float, default=1.0)
    parser.add_argument("--guidance", type=float, default=1.0)
    given = parser.parse_args()
    model = photowave.load(given.model)
    manifest = open_pairs(given.pairs, Splits())
    real = {split: real_textures(manifest.split(split), model) for split in SPLITS}
    ceiling = balanced(classifier().fit(*real["train"]), *real["test"])
    print(
        f"real recordings not heard before: recognised {ceiling:.0%} (chance {1 / len(manifest.scenes):.0%})"
    )
    judge = classifier().fit(*(np.concatenate(part) for part in zip(*real.values(), strict=True)))
    pairing = manifest.split(given.split).pairs("scene")
    images = [read_photo(Path(photo)) for photo in pairing.photos]
    scenes = np.array(pairing.photo_scenes)
    statistics = TextureStatistics(sample_rate=model.sample_rate, mels=model.model.config.audio.texture_mels)
    conditioner = model.model.conditioner
    shares, chosen, levels, apart = [], [], [], []
    for seed in range(given.seeds):
        seeds = [photo_seed(image, seed=seed) for image in images]
        vectors = model.photo_vectors(images, seeds=seeds)
        sounds = model.draw(
            vectors, duration_s=5.0, seeds=seeds, temperature=given.temperature, guidance=given.guidance
        )
        textures = statistics(sounds)
        shares.append(np.mean(judge.predict(textures.numpy()) == scenes))
        levels += (10 * sounds.square().mean(1).log10()).tolist()
        if isinstance(conditioner, TextureConditioner):
            with torch.no_grad():
                known = conditioner.texture_vector(conditioner.codebook)
            entries = torch.cdist(vectors, known).argmin(1)
            asked = conditioner.codebook[entries]
            chosen.append(np.mean(judge.predict(asked.numpy()) == scenes))
            apart.append(DB_PER_NEPER * (textures - asked)[:, : statistics.channels // 2])
    print(f"{len(images)} photos of split {given.split}, {given.seeds} seeds:")
    print(f"  sounds recognised as the photo's scene    {np.mean(shares):.1%} (spread {np.std(shares):.1%})")
    if chosen:
        print(
            f"  textures that the photos chose            {np.mean(chosen):.1%} (spread {np.std(chosen):.1%})"
        )
        distance = torch.cat(apart)
        print(
            f"  mean spectrum against the texture asked   {distance.mean():+.1f} dB, "
            f"absolute {distance.abs().mean():.1f} dB"
        )
    print(f"  level of the sounds, dBFS                 {np.mean(levels):.1f} (spread {np.std(levels):.1f})")


if __name__ == "__main__":
    main()
