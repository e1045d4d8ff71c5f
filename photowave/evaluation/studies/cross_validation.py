"""Does a sound fit a photo that no training saw? Holds every photo out once.

The decoder learns from recordings alone and never sees a photo; only the map from photo to texture does. So
this study fits that map anew without the photos of one fold, leaves the weights of the decoder as they are,
and draws sounds for the photos of that fold: every photo gets a sound from a map that has not seen it.
"""

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedKFold
from torch import Tensor

from photowave.audio import TextureStatistics
from photowave.calibration.prior import fit_map
from photowave.errors import ConfigError
from photowave.evaluation.judging.systems import judge_systems
from photowave.evaluation.metrics.judge import fit_trees
from photowave.evaluation.sounds.recordings import load_real
from photowave.evaluation.sounds.types import EvaluatedPhotos, RealSounds, SystemSounds
from photowave.generation import SoundscapeGenerator
from photowave.generation.reading import mixed_seed
from photowave.image import photo_sha256, read_photo
from photowave.image.cache import FeatureCache
from photowave.model import TextureConditioner
from photowave.pairs.manifest import Manifest
from photowave.pairs.splits import SPLITS
from photowave.settings import DrawSettings

COMPARED = ("scenes_nearest", "long_term_spectrum_db", "level_difference_db", "texture_distance")
"""Metrics of `evaluate` that are taken of the sounds of each repeat."""
_TOGETHER = 16  # sounds drawn or measured at once
_NEVER = -1e4  # a logit


@dataclass(frozen=True)
class CrossValidation:
    """What was found; every list has a value for each repeat."""

    photos: int
    """How many photos were held out."""
    scenes: int
    """How many scenes they are of."""
    photo_to_scene: list[float]
    """Share of the photos for which the map finds the right scene, scenes counting alike."""
    recognised: list[float]
    """Share of the sounds in which the judge hears the photo's scene, scenes counting alike."""
    recognised_test: list[float]
    """The same of the photos of split `test`, on which no setting was chosen."""
    compared: dict[str, list[float]]
    """The metrics of `COMPARED`."""


@dataclass(frozen=True, eq=False)
class _Photos:
    """All photos with a scene: files, scenes, features [photos, features], seeds, and which are of `test`."""

    paths: list[Path]
    scenes: NDArray[np.str_]
    features: Tensor
    seeds: list[int]
    of_test: NDArray[np.bool_]


def cross_validate(
    model: SoundscapeGenerator,
    manifest: Manifest,
    draw: DrawSettings,
    *,
    folds: int = 5,
    repeats: int = 3,
    penalty: float = 0.1,
    told: bool = False,
    progress: Callable[[str], None] | None = None,
) -> CrossValidation:
    """Hold every photo out once per repeat; each repeat deals the folds anew and draws with other seeds.

    A judge that has heard all real recordings and no drawn sound tells the scene of each sound.

    Args:
        model: Its map from photo to texture is changed and put back.
        manifest: All splits; photos of all of them are held out.
        draw: Length, temperature and guidance.
        folds: Parts that the photos are dealt to.
        repeats: How often.
        penalty: `training.prior_penalty` of the training.
        told: Give the right scene in place of what the map makes of the photo: what is left is what the
            decoder and the choice of a texture miss.
        progress: Called with a line after each repeat.

    Raises:
        ConfigError: The model's textures are not grouped by scene, one group each.
    """
    conditioner = model.model.conditioner
    photos = _read_photos(model, manifest)
    refusal = ConfigError(
        f"model={model.loaded.path.name}: its textures are not grouped by scene, one group each. Train it "
        "with pairing=scene on folders of scenes."
    )
    if not isinstance(conditioner, TextureConditioner):
        raise refusal
    scene_of = scenes_of_groups(conditioner, manifest, photos.features, photos.paths)
    if sorted(scene_of.values()) != np.unique(photos.scenes).tolist():
        raise refusal
    group_of = {scene: group for group, scene in scene_of.items()}
    audio = model.model.config.audio
    real = load_real(manifest, audio=audio, duration_s=draw.duration_s)
    statistics = TextureStatistics(sample_rate=model.sample_rate, mels=audio.texture_mels)
    judge = fit_trees(_textures(statistics, real.samples), real.scenes)
    groups = torch.tensor([group_of[scene] for scene in photos.scenes.tolist()])
    before = copy.deepcopy(conditioner.state_dict())
    found = CrossValidation(len(photos.paths), len(group_of), [], [], [], {})
    drawn = []
    try:
        for repeat in range(repeats):
            vectors = torch.zeros(len(photos.paths), len(conditioner.null))
            right = np.zeros(len(photos.paths), bool)
            for seen, held_out in deal_folds(photos.scenes, folds=folds, seed=repeat):
                refit(
                    conditioner,
                    photos.features[seen],
                    groups[seen],
                    penalty=penalty,
                    scene_of=scene_of,
                    places=model.encoder.places,
                )
                right[held_out] = (
                    _chosen(conditioner, photos.features[held_out], group_of) == groups[held_out]
                )
                for asked in _by_group(conditioner, held_out, groups) if told else [held_out]:
                    vectors[asked] = model.feature_vectors(
                        photos.features[asked], seeds=[photos.seeds[index] for index in asked]
                    )
            sounds = _draw(model, vectors, draw, seeds=[seed + repeat for seed in photos.seeds])
            drawn.append(sounds)
            hits = judge.predict(_textures(statistics, sounds)) == photos.scenes
            found.photo_to_scene.append(_balanced(right, photos.scenes))
            found.recognised.append(_balanced(hits, photos.scenes))
            found.recognised_test.append(_balanced(hits[photos.of_test], photos.scenes[photos.of_test]))
            if progress is not None:
                chosen, heard = found.photo_to_scene[-1], found.recognised[-1]
                progress(f"repeat {repeat}: photo to scene {chosen:.1%}, sound recognised {heard:.1%}")
    finally:
        conditioner.load_state_dict(before)
    found.compared.update(_compare(drawn, real, photos))
    return found


def deal_folds(
    scenes: NDArray[np.str_], *, folds: int, seed: int
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Deal photos to folds, scenes evenly: those that are seen and those held out, fold by fold."""
    dealer = StratifiedKFold(folds, shuffle=True, random_state=seed)
    yield from dealer.split(np.zeros(len(scenes)), scenes)


def scenes_of_groups(
    conditioner: TextureConditioner, manifest: Manifest, features: Tensor, paths: Sequence[Path]
) -> dict[int, str]:
    """Tell to which scene each group of textures belongs, by the training photos that the map was fitted on.

    `features` [photos, features] and `paths` are those of photos, the training photos among them.
    """
    pairing = manifest.split("train").pairs("scene")
    rows = features[[paths.index(photo) for photo in pairing.photos]]
    with torch.no_grad():
        probabilities = conditioner.texture_probabilities(rows)
    found = {}
    for group in torch.unique(conditioner.groups).tolist():
        mass = probabilities[:, conditioner.groups == group].sum(1)
        if mass.max() > 1e-3:
            found[int(group)] = pairing.photo_scenes[int(mass.argmax())] or ""
    return found


def refit(
    conditioner: TextureConditioner,
    rows: Tensor,
    groups: Tensor,
    *,
    penalty: float,
    scene_of: Mapping[int, str] | None = None,
    places: Sequence[str] = (),
) -> None:
    """Fit the map from photo features [photos, features] to their groups [photos] anew.

    What is inside a group stays as it was. `penalty` is that of the training; `places` are what the last
    features score, and help where they have the name of a group's scene in `scene_of`.
    """
    present = torch.unique(groups)
    targets = (groups[:, None] == present).float()
    scenes = [(scene_of or {}).get(group) for group in present.tolist()]
    weight, bias = fit_map(conditioner, rows, targets, scenes=scenes, places=places, penalty=penalty)
    with torch.no_grad():
        for number, group in enumerate(present):
            inside = conditioner.groups == group
            shares = torch.log_softmax(conditioner.prior.bias[inside], 0)
            conditioner.prior.weight[inside] = weight[number]
            conditioner.prior.bias[inside] = bias[number] + shares
        conditioner.prior.bias[~torch.isin(conditioner.groups, present)] = _NEVER


def answer_with(conditioner: TextureConditioner, group: int) -> None:
    """Let the map answer every photo with one group."""
    with torch.no_grad():
        inside = conditioner.groups == group
        conditioner.prior.weight.zero_()
        conditioner.prior.bias.copy_(torch.where(inside, conditioner.prior.bias, torch.tensor(_NEVER)))


def _by_group(
    conditioner: TextureConditioner, held_out: NDArray[np.int64], groups: Tensor
) -> Iterator[NDArray[np.int64]]:
    """Photos group by group, with a map that answers with that group while they are asked about."""
    fitted = copy.deepcopy(conditioner.prior.state_dict())
    for group in torch.unique(groups[held_out]).tolist():
        answer_with(conditioner, group)
        yield held_out[groups[held_out].numpy() == group]
        conditioner.prior.load_state_dict(fitted)


def _chosen(conditioner: TextureConditioner, rows: Tensor, group_of: dict[str, int]) -> Tensor:
    """The group that the map finds most likely, [photos]."""
    with torch.no_grad():
        probabilities = conditioner.texture_probabilities(rows)
    numbers = sorted(group_of.values())
    by_group = [probabilities[:, conditioner.groups == group].sum(1) for group in numbers]
    return torch.tensor(numbers)[torch.stack(by_group, 1).argmax(1)]


def _read_photos(model: SoundscapeGenerator, manifest: Manifest) -> _Photos:
    pairings = [manifest.split(split).pairs("scene") for split in SPLITS]
    paths = [photo for pairing in pairings for photo in pairing.photos]
    cache = FeatureCache()
    return _Photos(
        paths=paths,
        scenes=np.array([scene for pairing in pairings for scene in pairing.photo_scenes]),
        features=torch.cat([cache.features(model.encoder, [photo]) for photo in paths]),
        seeds=[mixed_seed(photo_sha256(read_photo(photo)), seed=0) for photo in paths],
        of_test=np.repeat([split == "test" for split in SPLITS], [len(p.photos) for p in pairings]),
    )


def _draw(model: SoundscapeGenerator, vectors: Tensor, draw: DrawSettings, *, seeds: list[int]) -> Tensor:
    """Draw a sound for each vector, some at a time, [photos, time]."""
    firsts = range(0, len(vectors), _TOGETHER)
    return torch.cat(
        [model.draw(vectors[k : k + _TOGETHER], draw, seeds=seeds[k : k + _TOGETHER]) for k in firsts]
    )


def _textures(statistics: TextureStatistics, samples: Tensor) -> NDArray[np.float32]:
    vectors: NDArray[np.float32] = torch.cat(
        [statistics(part) for part in torch.split(samples, _TOGETHER)]
    ).numpy()
    return vectors


def _compare(sounds: Sequence[Tensor], real: RealSounds, photos: _Photos) -> dict[str, list[float]]:
    """What `evaluate` says of the sounds of each repeat, [photos, time]; it looks at no image."""
    given = EvaluatedPhotos(tuple(photos.paths), (), photos.scenes)
    nowhere = np.full((len(photos.paths), 1), -1)
    systems = [
        SystemSounds(str(number), drawn[:, None], nowhere, float("nan"))
        for number, drawn in enumerate(sounds)
    ]
    found, _ = judge_systems(systems, real, given, judged="0")
    return {name: [metric.value for metric in found if metric.name == name] for name in COMPARED}


def _balanced(hits: NDArray[np.bool_], scenes: NDArray[np.str_]) -> float:
    """Mean share, scenes counting alike."""
    return float(np.mean([hits[scenes == scene].mean() for scene in np.unique(scenes)]))
