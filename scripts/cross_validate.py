"""Does a sound fit a photo that no training saw? Every photo is held out once.

    python scripts/cross_validate.py [--model FILE] [--pairs FOLDER] [--folds 5] [--repeats 3] [--told]

The decoder is trained on recordings alone and never sees a photo; only the map from photo to texture does. So
that map is fitted anew without the photos of one fold, with the weights of the decoder as they are, and
sounds are drawn for the photos of that fold: all photos get a sound from a map that has not seen them. A
judge that has heard real recordings only (randomised trees on log-mel statistics, as in `photowave
evaluate`; those that the decoder learned from among them) tells the scene of each sound. Printed are means
over repeats, each with folds dealt anew and other seeds, and their spread; and the same for the photos of the
split `test` alone, which no setting was chosen on. Beside it, what `photowave evaluate` says of all these
sounds together: how near those of a scene come to its recordings. With `--told`, the right scene is given in
place of what the map makes of the photo: what is left is what the decoder and the choice of a texture miss.
"""

import argparse
import copy
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.model_selection import StratifiedKFold
from torch import Tensor
from tqdm import tqdm

import photowave
from photowave.audio import TextureStatistics
from photowave.evaluation.judging import judge_systems
from photowave.evaluation.real import load_real
from photowave.evaluation.types import EvaluatedPhotos, RealSounds, SystemSounds
from photowave.generation import SoundscapeGenerator
from photowave.generation.reading import photo_seed
from photowave.image import read_photo
from photowave.image.cache import FeatureCache
from photowave.model import TextureConditioner
from photowave.pairs.manifest import Manifest
from photowave.pairs.opening import Splits, open_pairs
from photowave.training.prior import fit_softmax

COMPARED = {
    "scenes_nearest": "nearest to own scene",
    "long_term_spectrum_db": "spectrum off, dB",
    "level_difference_db": "level off, dB",
    "texture_distance": "texture distance",
}
"""Figures of `photowave evaluate`, and what they are called here."""


def scene_of_group(
    conditioner: TextureConditioner, manifest: Manifest, features: dict[Path, Tensor]
) -> dict[int, str]:
    """Which scene each group of textures belongs to, from the training photos it was fitted on."""
    pairing = manifest.split("train").pairs("scene")
    rows = torch.stack([features[photo] for photo in pairing.photos])
    with torch.no_grad():
        probabilities = conditioner.texture_probabilities(rows)
    names = {}
    for group in torch.unique(conditioner.groups):
        mass = probabilities[:, conditioner.groups == group].sum(1)
        if mass.max() > 1e-3:
            names[int(group)] = pairing.photo_scenes[int(mass.argmax())] or ""
    return names


def refit(conditioner: TextureConditioner, rows: Tensor, groups: Tensor, *, penalty: float) -> None:
    """Fit the map from photo to group anew; what is inside a group stays as it was.

    Args:
        conditioner: Changed in place.
        rows: Photo features, [photos, features].
        groups: The right group of each photo, [photos].
        penalty: As in training.
    """
    present = torch.unique(groups)
    targets = (groups[:, None] == present).float()
    conditioner.feature_mean.copy_(rows.mean(0))
    conditioner.feature_std.copy_(rows.std(0, correction=0).clamp_min(1e-3))
    inputs = (rows - conditioner.feature_mean) / conditioner.feature_std
    weights = (targets / targets.sum(0)).sum(1)
    weight, bias = fit_softmax(inputs, targets, weights=weights, penalty=penalty)
    with torch.no_grad():
        for number, group in enumerate(present):
            inside = conditioner.groups == group
            shares = torch.log_softmax(conditioner.prior.bias[inside], 0)
            conditioner.prior.weight[inside] = weight[number]
            conditioner.prior.bias[inside] = bias[number] + shares
        conditioner.prior.bias[~torch.isin(conditioner.groups, present)] = -1e4


def draw(model: SoundscapeGenerator, vectors: Tensor, seeds: list[int], given: argparse.Namespace) -> Tensor:
    """Draw a sound for each vector, some at a time."""
    parts = [
        model.draw(
            vectors[first : first + 16], duration_s=given.duration_s, seeds=seeds[first : first + 16],
            temperature=given.temperature, guidance=given.guidance,
        )
        for first in range(0, len(vectors), 16)
    ]  # fmt: skip
    return torch.cat(parts)


def tell(conditioner: TextureConditioner, group: int) -> None:
    """Let the map answer every photo with one group."""
    with torch.no_grad():
        inside = conditioner.groups == group
        conditioner.prior.weight.zero_()
        conditioner.prior.bias.copy_(torch.where(inside, conditioner.prior.bias, torch.tensor(-1e4)))


def compare(
    sounds: Sequence[Tensor], real: RealSounds, photos: Sequence[Path], scenes: NDArray[np.str_]
) -> dict[str, list[float]]:
    """What `photowave evaluate` says of the sounds of each repeat, [photos, time]."""
    images = tuple(read_photo(photo) for photo in photos)
    given = EvaluatedPhotos(tuple(photos), images, scenes)
    nowhere = np.full((len(photos), 1), -1)
    systems = [
        SystemSounds(str(number), drawn[:, None], nowhere, float("nan"))
        for number, drawn in enumerate(sounds)
    ]
    found, _ = judge_systems(systems, real, given, judged="0")
    return {name: [f.value for f in found if f.name == name and f.system != "real"] for name in COMPARED}


def balanced(hits: NDArray[np.bool_], scenes: NDArray[np.str_]) -> float:
    """Mean share, scenes counting alike."""
    return float(np.mean([hits[scenes == scene].mean() for scene in np.unique(scenes)]))


def main(arguments: Sequence[str] | None = None) -> None:
    """Refit, draw, ask, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="default", help="a model file, or 'default'")
    parser.add_argument("--pairs", default=None, help="folder of scenes or manifest; default: the starters")
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--penalty", type=float, default=0.1, help="prior_penalty of the training")
    parser.add_argument("--temperature", type=float, default=1.0)
    parser.add_argument("--guidance", type=float, default=1.0)
    parser.add_argument("--duration_s", type=float, default=5.0)
    parser.add_argument("--told", action="store_true", help="give the right scene in place of the map's")
    parser.add_argument("--out", default=None, help="JSON file for the figures")
    given = parser.parse_args(arguments)
    model = photowave.load(given.model)
    conditioner = model.model.conditioner
    assert isinstance(conditioner, TextureConditioner)
    audio = model.model.config.audio
    manifest = open_pairs(given.pairs, Splits())
    real = load_real(manifest, audio=audio, duration_s=given.duration_s)
    statistics = TextureStatistics(sample_rate=model.sample_rate, mels=audio.texture_mels)
    judge = ExtraTreesClassifier(n_estimators=300, class_weight="balanced", random_state=0)
    judge.fit(torch.cat([statistics(part) for part in torch.split(real.samples, 16)]).numpy(), real.scenes)
    pairings = [manifest.split(split).pairs("scene") for split in ("train", "val", "test")]
    photos = [photo for pairing in pairings for photo in pairing.photos]
    scenes = np.array([scene for pairing in pairings for scene in pairing.photo_scenes])
    cache = FeatureCache()
    features = {photo: cache.features(model.encoder, [photo])[0] for photo in tqdm(photos, leave=False)}
    names = scene_of_group(conditioner, manifest, features)
    if sorted(names.values()) != sorted(set(scenes)):
        parser.error(
            "the textures of this model are not grouped by scene, one group each. Train it with "
            "--data.pairing scene on folders of scenes."
        )
    group_of = {scene: group for group, scene in names.items()}
    groups = torch.tensor([group_of[scene] for scene in scenes])
    rows = torch.stack([features[photo] for photo in photos])
    chance = [photo_seed(read_photo(photo), seed=0) for photo in photos]
    tests = np.repeat([False, False, True], [len(pairing.photos) for pairing in pairings])
    heard, chosen, of_test, drawn = [], [], [], []
    for repeat in range(given.repeats):
        vectors = torch.zeros(len(photos), len(conditioner.null))
        right = np.zeros(len(photos), bool)
        dealer = StratifiedKFold(given.folds, shuffle=True, random_state=repeat)
        for seen, held_out in dealer.split(rows, scenes):
            refit(conditioner, rows[seen], groups[seen], penalty=given.penalty)
            with torch.no_grad():
                probabilities = conditioner.texture_probabilities(rows[held_out])
            by_group = torch.stack([probabilities[:, conditioner.groups == g].sum(1) for g in names], 1)
            found = np.array([names[list(names)[index]] for index in by_group.argmax(1)])
            right[held_out] = found == scenes[held_out]
            fitted = copy.deepcopy(conditioner.prior.state_dict())
            for group in group_of.values() if given.told else [-1]:
                asked = held_out[groups[held_out].numpy() == group] if given.told else held_out
                if given.told:
                    conditioner.prior.load_state_dict(fitted)
                    tell(conditioner, group)
                vectors[asked] = model.feature_vectors(rows[asked], seeds=[chance[i] for i in asked])
            conditioner.prior.load_state_dict(fitted)
        sounds = draw(model, vectors, [seed + repeat for seed in chance], given)
        drawn.append(sounds)
        told = judge.predict(torch.cat([statistics(part) for part in torch.split(sounds, 16)]).numpy())
        heard.append(balanced(told == scenes, scenes))
        of_test.append(balanced((told == scenes)[tests], scenes[tests]))
        chosen.append(balanced(right, scenes))
        print(
            f"repeat {repeat}: photo to scene {chosen[-1]:.1%}, sound recognised {heard[-1]:.1%}", flush=True
        )
    compared = compare(drawn, real, photos, scenes)
    result = {
        "model_sha256": model.loaded.sha256, "photos": len(photos), "folds": given.folds,
        "repeats": given.repeats, "temperature": given.temperature, "guidance": given.guidance,
        "photo_to_scene": chosen, "recognised": heard, "recognised_test": of_test,
        "told": given.told, **compared,
    }  # fmt: skip
    print(f"{len(photos)} photos, each unseen once, scenes counting alike; chance {1 / len(names):.0%}")
    for name, shares in (
        ("photo to scene", chosen), ("sounds recognised", heard), ("of split test", of_test),
    ):  # fmt: skip
        print(f"  {name:20} {np.mean(shares):.1%} (standard deviation over repeats {np.std(shares):.1%})")
    for name, values in compared.items():
        print(f"  {COMPARED[name]:20} {np.mean(values):.2f} ({np.std(values):.2f})")
    if given.out:
        Path(given.out).write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
