"""Sounds for photos that no training saw, beside recordings that none saw, and those learned from."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.ensemble import ExtraTreesClassifier

from photowave.audio import resample
from photowave.errors import ConfigError, PairError
from photowave.evaluation.features.measuring import Features, measure
from photowave.evaluation.metrics.judge import deal_recordings, fit_trees
from photowave.evaluation.metrics.told_apart import texture_vectors, told_apart
from photowave.evaluation.sounds.recordings import load_real
from photowave.evaluation.sounds.types import RealSounds
from photowave.generation import Soundscape, SoundscapeGenerator
from photowave.pairs.manifest import Manifest
from photowave.settings import DrawSettings

_TOGETHER = 16
_GUESSES = 3
Numbers = NDArray[np.int64]
Vectors = NDArray[np.float64]


@dataclass(frozen=True)
class JudgedSounds:
    """What was measured of some sounds; shares lie in 0 to 1, the rest is in dB."""

    named: float
    """Share that trees, which have heard all recordings, give to the photo's place."""
    accepted: float
    """Share that they give to the photo's place or to one that suits it as well."""
    in_three: float
    """Share where one of these is among their three likeliest places."""
    peaks_gap_db: float
    """Difference to each recording of the photo's place in the split, mean of all pairs; so the two below."""
    slow_pulses_gap_db: float
    """See `peaks_gap_db`."""
    fast_pulses_gap_db: float
    """See `peaks_gap_db`."""
    spectrum_db: float
    """Difference between mean spectra of a place's sounds and its recordings in the split, mean of places."""
    spectrum_right_db: float
    """The same with those sounds alone that are drawn from a recording of an accepted place."""
    told_apart: float
    """Area under the curve of trees that tell them from recordings; all sounds for a photo in one fold."""
    told_apart_by_recording: float
    """The same, but with all sounds drawn from one recording in one fold."""
    softest_dbfs: float
    """Level of the softest."""
    loudest_dbfs: float
    """Level of the loudest."""


@dataclass(frozen=True, eq=False)
class _Asked:
    """The sounds for each photo, one for each seed."""

    accepted: tuple[tuple[str, ...], ...]  # place of each photo, then those that suit it as well
    followed: Numbers  # the recording that each photo's texture comes from, [photos]
    right: NDArray[np.bool_]  # whether that is of an accepted place, [photos]


def judge_sounds(
    model: SoundscapeGenerator,
    manifest: Manifest,
    draw: DrawSettings,
    *,
    split: str,
    seeds: int,
    sample_rate: int | None = None,
    progress: Callable[[str, int], None] = lambda what, count: None,
) -> tuple[dict[str, JudgedSounds], tuple[float, float]]:
    """Draw for all photos of a split whose place has recordings in any, and judge the sounds.

    *Retrieved* are excerpts, taken by lot, of the recordings whose textures are drawn: they show what the map
    from photo to place leaves, whatever is drawn. Trees are as in `fit_trees`, on log-mel and texture
    statistics; recordings that sounds are told from and compared with are those of the split.

    Args:
        model: It has a catalogue of the recordings that it learned from, which are among the manifest's.
        manifest: All splits.
        draw: How to draw; seeds are 0, 1 and so on.
        split: Whose photos and recordings.
        seeds: Sounds for each photo.
        sample_rate: At which all are judged, in Hz; None takes the model's. At a lower one the frequency at
            which a recording ends tells less.
        progress: Called with what was done, and with how many sounds.

    Returns:
        What was measured of the sounds of `model` and of `retrieved`; and how often trees name the place of
        recordings of the split that they have not heard, at once and among three guesses.

    Raises:
        ConfigError: The model was trained on other recordings, or does not tell on which.
        PairError: No photo of the split is of a place with recordings there.
    """
    audio = model.model.config.audio
    real = load_real(manifest, audio=audio, duration_s=draw.duration_s)
    pairing = manifest.split(split).pairs("scene")
    known = set(real.scenes.tolist())
    photos = [
        (photo, (scene, *also))
        for photo, scene, also in zip(pairing.photos, pairing.photo_scenes, pairing.photo_also, strict=True)
        if scene is not None and scene in known
    ]
    if not {names[0] for _, names in photos} & set(real.scenes[real.splits == split].tolist()):
        raise PairError(f"split={split}: no photo there is of a place with a recording there. Name another.")
    sounds: list[Soundscape] = []
    takes = [(photo, replace(draw, seed=seed)) for photo, _ in photos for seed in range(seeds)]
    for first in range(0, len(takes), _TOGETHER):
        readings = [model.read(photo, take) for photo, take in takes[first : first + _TOGETHER]]
        sounds += model.generate_read(readings, draw)
        progress("drawn", len(readings))
    asked = _asked(sounds[::seeds], real, [names for _, names in photos])
    drawn = torch.stack([torch.from_numpy(sound.mono) for sound in sounds])
    count = drawn.shape[1]
    chosen = _excerpts(asked.followed, real, seeds=seeds)
    own, rate = audio.sample_rate, sample_rate or audio.sample_rate
    of_real, of_model = measure(
        [resample(part, old_rate=own, new_rate=rate) for part in (real.samples[:, :count], drawn)],
        sample_rate=rate, mels=audio.texture_mels,
        progress=lambda done: progress("measured", done),
    )  # fmt: skip
    judge = fit_trees(_statistics(of_real), real.scenes)
    found = {"model": of_model, "retrieved": of_real.rows(chosen)}
    told = {name: _judged(features, asked, judge, of_real, real, split) for name, features in found.items()}
    return told, _unheard(of_real, real, split)


def _asked(sounds: list[Soundscape], real: RealSounds, accepted: list[tuple[str, ...]]) -> _Asked:
    """Find the recordings that sounds follow, by their names."""
    names = {str(sound.info.get("recording", "a recording that it does not tell")) for sound in sounds}
    if strange := sorted(names - set(real.files)):
        raise ConfigError(
            f"the model draws from {strange[0]}, which is none of these recordings. Give the pairs that it "
            "was trained on."
        )
    followed = np.array([real.files[str(sound.info["recording"])] for sound in sounds], np.int64)
    places = {int(number): set(real.scenes[real.recordings == number]) for number in np.unique(followed)}
    right = [bool(places[int(n)] & set(names)) for n, names in zip(followed, accepted, strict=True)]
    return _Asked(tuple(accepted), followed, np.array(right))


def _excerpts(followed: Numbers, real: RealSounds, *, seeds: int) -> Numbers:
    """Deal excerpts of recordings by lot, [photos * seeds]."""
    rng = np.random.default_rng(0)
    parts = [rng.choice(np.flatnonzero(real.recordings == number), seeds) for number in followed]
    return np.concatenate(parts)


def _statistics(features: Features) -> Vectors:
    return np.concatenate([features.log_mel, texture_vectors(features)], 1)


def _judged(
    features: Features,
    asked: _Asked,
    judge: ExtraTreesClassifier,
    of_real: Features,
    real: RealSounds,
    split: str,
) -> JudgedSounds:
    seeds = len(features.log_mel) // len(asked.followed)
    accepted = [names for names in asked.accepted for _ in range(seeds)]
    guesses = judge.classes_[np.argsort(-judge.predict_proba(_statistics(features)), 1)[:, :_GUESSES]]
    here = real.splits == split
    places = np.repeat([names[0] for names in asked.accepted], seeds)
    gaps = _gaps(features, places, of_real, real, here)
    right = np.repeat(asked.right, seeds)
    photos = here & np.isin(real.scenes, places)
    vectors = texture_vectors(features)

    def apart(groups: Numbers) -> float:
        others = texture_vectors(of_real)[photos], real.recordings[photos]
        return told_apart(vectors, np.repeat(groups[:, None], seeds, 1), *others, seed=0)[0]

    return JudgedSounds(
        named=_share(guesses[:, :1], [names[:1] for names in accepted]),
        accepted=_share(guesses[:, :1], accepted),
        in_three=_share(guesses, accepted),
        peaks_gap_db=gaps[0],
        slow_pulses_gap_db=gaps[1],
        fast_pulses_gap_db=gaps[2],
        spectrum_db=_spectrum_db(features.mel_db, places, of_real, real, here),
        spectrum_right_db=_spectrum_db(features.mel_db[right], places[right], of_real, real, here),
        told_apart=apart(np.full(len(asked.followed), -1)),
        told_apart_by_recording=apart(asked.followed),
        softest_dbfs=float(features.rms_dbfs.min()),
        loudest_dbfs=float(features.rms_dbfs.max()),
    )


def _share(guesses: NDArray[np.str_], accepted: list[tuple[str, ...]]) -> float:
    hits = [bool(set(row) & set(names)) for row, names in zip(guesses.tolist(), accepted, strict=True)]
    return float(np.mean(hits))


def _gaps(
    features: Features, places: NDArray[np.str_], of_real: Features, real: RealSounds, here: NDArray[np.bool_]
) -> list[float]:
    """How far sounds are from each recording of their photo's place: peaks, slow and fast pulses."""
    names = ("peaks_db", "slow_pulses_db", "fast_pulses_db")
    values, real_values = (np.stack([getattr(of, name) for name in names], 1) for of in (features, of_real))
    gaps = []
    for place in np.unique(places[np.isin(places, real.scenes[here])]):
        means = _by_recording(real_values, real, here & (real.scenes == place))
        gaps.append(np.abs(values[places == place][:, None] - means).mean(1))
    return [float(gap) for gap in np.concatenate(gaps).mean(0)]


def _spectrum_db(
    mel_db: Vectors, places: NDArray[np.str_], of_real: Features, real: RealSounds, here: NDArray[np.bool_]
) -> float:
    """How far the mean spectrum of the sounds for a place is from that of its recordings."""
    gaps = []
    for place in np.unique(places[np.isin(places, real.scenes[here])]):
        expected = _by_recording(of_real.mel_db, real, here & (real.scenes == place)).mean(0)
        gaps.append(np.abs(mel_db[places == place].mean(0) - expected).mean())
    return float(np.mean(gaps)) if gaps else float("nan")


def _by_recording(values: Vectors, real: RealSounds, there: NDArray[np.bool_]) -> Vectors:
    """Mean over the excerpts of each recording, [recordings, values]."""
    numbers = np.unique(real.recordings[there])
    return np.stack([values[there & (real.recordings == number)].mean(0) for number in numbers])


def _unheard(of_real: Features, real: RealSounds, split: str) -> tuple[float, float]:
    """How often trees name recordings of a split right that they have not heard; among three guesses."""
    vectors, hits = _statistics(of_real), []
    for heard, unheard in deal_recordings(real.scenes, real.recordings, seed=0):
        asked = unheard[real.splits[unheard] == split]
        if len(asked):
            judge = fit_trees(vectors[heard], real.scenes[heard])
            guesses = judge.classes_[np.argsort(-judge.predict_proba(vectors[asked]), 1)[:, :_GUESSES]]
            hits.append(guesses == real.scenes[asked][:, None])
    right = np.concatenate(hits)
    return float(right[:, 0].mean()), float(right.any(1).mean())
