"""What is measured before the first step."""

import copy
import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from tiny_scenes import tiny_config, write_tiny_scenes
from torch import Tensor

from photowave.calibration.calibrate import calibrate
from photowave.calibration.codebook import _usual, share_out
from photowave.calibration.softmax import fit_softmax
from photowave.model import PhotowaveModel, TextureConditioner
from photowave.pairs.pairing import Pairing
from photowave.pairs.split_data import SplitData
from photowave.wavenet import MixtureOutput

Make = Callable[..., Any]


@pytest.fixture
def parts(make_training: Make) -> dict[str, SplitData]:
    """The splits of the tiny scenes."""
    return read(make_training)


def read(make_training: Make, **data: Any) -> dict[str, SplitData]:
    """The splits of a training; its own model is not calibrated."""
    _, pairs = make_training(stage=None, data=data)
    pairs.setup("fit")
    return pairs.parts


def calibrated(train: SplitData, *, codebook: int = 4, sharpness: float = 1.0) -> TextureConditioner:
    """A conditioner that was fitted on a split."""
    config = tiny_config()
    conditioning = replace(config.conditioning, codebook_size=codebook, sharpness=sharpness)
    model = PhotowaveModel(replace(config, conditioning=conditioning), feature_dim=train.features.shape[1])
    calibrate(model, train, seed=0, prior_penalty=1e-3)
    assert isinstance(model.conditioner, TextureConditioner)
    return model.conditioner


@pytest.fixture
def conditioner(parts: dict[str, SplitData]) -> TextureConditioner:
    """A calibrated one."""
    return calibrated(parts["train"])


def paired(train: SplitData, pairs: set[tuple[int, int]]) -> SplitData:
    """The same photos and sounds, but paired as told: (photo, sound)."""
    pairing = train.pairing
    photos, sounds = range(len(pairing.photos)), range(len(pairing.sounds))
    changed: Pairing = replace(
        pairing,
        sounds_of=tuple(tuple(s for s in sounds if (p, s) in pairs) for p in photos),
        photos_of=tuple(tuple(p for p in photos if (p, s) in pairs) for s in sounds),
    )
    return SplitData(train.bank, changed, train.features)


def pairs_of(train: SplitData) -> set[tuple[int, int]]:
    """What goes with what: (photo, sound)."""
    return {(photo, sound) for photo, sounds in enumerate(train.pairing.sounds_of) for sound in sounds}


def sounds_with(train: SplitData, entry: Tensor) -> set[int]:
    """Recordings in which a texture was heard."""
    return {n for n, r in enumerate(train.bank.recordings) if (r.textures == entry).all(1).any()}


def test_codebook_holds_textures_that_were_heard(
    parts: dict[str, SplitData], conditioner: TextureConditioner
) -> None:
    heard = torch.cat([recording.textures for recording in parts["train"].bank.recordings])
    assert all((heard == entry).all(1).any() for entry in conditioner.codebook)
    assert len(conditioner.codebook.unique(dim=0)) == 4


def test_textures_and_features_come_out_normalised(
    parts: dict[str, SplitData], conditioner: TextureConditioner
) -> None:
    textures = torch.cat([recording.textures for recording in parts["train"].bank.recordings])
    normalised = (textures - conditioner.texture_mean) / conditioner.texture_std
    torch.testing.assert_close(normalised.mean(0), torch.zeros(16), atol=1e-4, rtol=0)
    torch.testing.assert_close(normalised.std(0, correction=0), torch.ones(16), atol=1e-4, rtol=0)


@pytest.mark.parametrize("codebook", [4, 5, 7])
def test_each_scene_is_a_group_of_textures_heard_in_it(codebook: int, parts: dict[str, SplitData]) -> None:
    train = parts["train"]
    conditioner = calibrated(train, codebook=codebook)
    # Two scenes share the entries; one left over goes to the first.
    assert conditioner.groups.bincount().tolist() == [(codebook + 1) // 2, codebook // 2]
    scenes = [
        {train.pairing.sound_scenes[sound] for sound in sounds_with(train, entry)}
        for entry in conditioner.codebook
    ]
    assert all(len(found) == 1 for found in scenes)
    of_group = [{str(scenes[e]) for e in (conditioner.groups == group).nonzero()} for group in (0, 1)]
    assert of_group == [{"{'hiss'}"}, {"{'rumble'}"}]


@pytest.mark.parametrize("split", ["train", "val"])
def test_photo_finds_its_scene(split: str, parts: dict[str, SplitData]) -> None:
    train, part = parts["train"], parts[split]
    conditioner = calibrated(train, sharpness=2.0)
    of_entry = [train.pairing.sound_scenes[min(sounds_with(train, entry))] for entry in conditioner.codebook]
    assert set(of_entry) == {"hiss", "rumble"}
    chances = conditioner.texture_probabilities(part.features)
    torch.testing.assert_close(chances.sum(1), torch.ones(len(chances)))
    for row, scene in zip(chances, part.pairing.photo_scenes, strict=True):
        assert row[torch.tensor([s == scene for s in of_entry])].sum() > 0.9


def test_inside_a_group_textures_come_as_often_as_they_were_heard(parts: dict[str, SplitData]) -> None:
    train = parts["train"]
    conditioner = calibrated(train, codebook=8, sharpness=3.0)
    chances = conditioner.texture_probabilities(train.features)
    for group, scene in enumerate(("hiss", "rumble")):
        mine = conditioner.groups == group
        inside = chances[:, mine] / chances[:, mine].sum(1, keepdim=True)
        # The photo has no say in it, whatever the sharpness.
        torch.testing.assert_close(inside, inside[:1].expand_as(inside))
        sounds = [n for n, s in enumerate(train.pairing.sound_scenes) if s == scene]
        windows = sum(len(train.bank.recordings[n].textures) for n in sounds)
        # All recordings have as many windows, so that each window is one share.
        counts = inside[0] * windows
        torch.testing.assert_close(counts, counts.round(), atol=1e-3, rtol=0)
        assert int(counts.round().sum()) == windows


def lengthened(train: SplitData, number: int, times: int) -> SplitData:
    """The same recordings, but one of them so many times as long, with textures of its own in each part."""
    bank = copy.copy(train.bank)
    longer = train.bank.recordings[number]
    parts = [longer.textures + 20 + part for part in range(times)]
    longer = replace(longer, textures=torch.cat(parts), levels=longer.levels.repeat(times))
    bank.recordings = [longer if n == number else r for n, r in enumerate(train.bank.recordings)]
    return SplitData(bank, train.pairing, train.features)


def test_a_recording_is_asked_for_by_the_fourth_root_of_its_length(parts: dict[str, SplitData]) -> None:
    sounds = [n for n, scene in enumerate(parts["train"].pairing.sound_scenes) if scene == "hiss"]
    train = lengthened(parts["train"], sounds[0], 16)
    conditioner = calibrated(train, codebook=8)
    chances = conditioner.texture_probabilities(train.features[:1])[0]
    mine = conditioner.groups == 0
    of_longest = torch.tensor([sounds[0] in sounds_with(train, entry) for entry in conditioner.codebook])
    share = float(chances[mine & of_longest].sum() / chances[mine].sum())
    # Sixteen times as long, twice as often as any other of its scene.
    assert share == pytest.approx(2 / (2 + len(sounds) - 1), abs=1e-3)


@pytest.mark.parametrize(
    ("codebook", "counts"), [(6, [1, 1, 1]), (8, [2, 1, 1]), (12, [4, 1, 1]), (18, [7, 1, 1])]
)
def test_each_recording_has_textures_of_its_own_by_the_root_of_its_length(
    codebook: int, counts: list[int], parts: dict[str, SplitData]
) -> None:
    sounds = [n for n, scene in enumerate(parts["train"].pairing.sound_scenes) if scene == "hiss"]
    train = lengthened(parts["train"], sounds[0], 16)
    conditioner = calibrated(train, codebook=codebook)
    of_scene = conditioner.codebook[conditioner.groups == 0]
    # However far the long one's textures lie from each other, the others keep theirs.
    found = Counter(min(sounds_with(train, entry)) for entry in of_scene)
    assert sorted(found.values(), reverse=True) == sorted(counts, reverse=True)
    assert found[sounds[0]] == counts[0]


def test_more_recordings_than_entries_share_them(parts: dict[str, SplitData]) -> None:
    train = parts["train"]
    assert len(train.bank.recordings) == 6
    conditioner = calibrated(train, codebook=4)
    assert conditioner.groups.tolist() == [0, 0, 1, 1]
    chances = conditioner.texture_probabilities(train.features)
    assert bool((chances > 1e-9).any(0).all())


@settings(deadline=None)
@given(st.data())
def test_entries_are_shared_out_to_the_last_and_each_has_one(data: st.DataObject) -> None:
    count = data.draw(st.integers(1, 6))
    wanted = data.draw(st.lists(st.floats(0.1, 100), min_size=count, max_size=count))
    room = data.draw(st.lists(st.integers(1, 9), min_size=count, max_size=count))
    total = data.draw(st.integers(count, 40))
    given_out = share_out(total, wanted=wanted, room=room)
    assert sum(given_out) == min(total, sum(room))
    assert all(1 <= given <= most for given, most in zip(given_out, room, strict=True))
    # Whoever wants more and has room gets no less.
    order = sorted(range(count), key=wanted.__getitem__)
    for few, many in pairwise(order):
        assert wanted[many] == wanted[few] or given_out[many] >= min(given_out[few], room[many])


def test_what_goes_with_no_photo_takes_no_texture_of_its_own(parts: dict[str, SplitData]) -> None:
    train = parts["train"]
    hiss = {(p, s) for p, s in pairs_of(train) if train.pairing.photo_scenes[p] == "hiss"}
    conditioner = calibrated(paired(train, hiss))
    scenes = {train.pairing.sound_scenes[min(sounds_with(train, e))] for e in conditioner.codebook}
    assert scenes == {"hiss"}
    # A single scene is a group as well: all its textures are there to be chosen from.
    assert len(set(conditioner.groups.tolist())) == 1
    chances = conditioner.texture_probabilities(train.features)
    assert float(chances.min()) > 1e-3
    torch.testing.assert_close(chances.sum(1), torch.ones(len(chances)))


def test_textures_that_no_photo_goes_with_are_never_drawn(parts: dict[str, SplitData]) -> None:
    train = parts["train"]
    # Three photos with a sound each: too many for four textures to be told apart, so that all windows share.
    conditioner = calibrated(paired(train, {(n, n) for n in range(3)}), sharpness=0.1)
    unpaired = torch.tensor([not sounds_with(train, entry) & {0, 1, 2} for entry in conditioner.codebook])
    assert unpaired.any()
    for part in parts.values():
        chances = conditioner.texture_probabilities(part.features)
        assert float(chances[:, unpaired].max()) == 0.0
        torch.testing.assert_close(chances.sum(1), torch.ones(len(chances)))


def test_a_group_counts_as_the_root_of_its_photos(parts: dict[str, SplitData]) -> None:
    train = parts["train"]
    first = train.pairing.photo_scenes.index("hiss")
    kept = {(p, s) for p, s in pairs_of(train) if train.pairing.photo_scenes[p] != "hiss" or p == first}
    few = paired(train, kept)
    assert sorted(set(few.pairing.photos_of), key=len)[0] == (first,)
    # Photos that all look alike tell nothing: what is left is how much each group counts.
    alike = SplitData(few.bank, few.pairing, torch.ones_like(few.features))
    conditioner = calibrated(alike)
    chances = conditioner.texture_probabilities(alike.features[:1])[0]
    by_group = torch.zeros(2).index_add_(0, conditioner.groups, chances)
    photos = torch.tensor([1.0, 3.0]).sqrt()  # one of hiss, three of rumble
    torch.testing.assert_close(by_group.sort().values, photos / photos.sum(), atol=1e-4, rtol=0)


def test_many_circles_share_one_clustering(parts: dict[str, SplitData]) -> None:
    train = paired(parts["train"], {(n, n) for n in range(len(parts["train"].pairing.photos))})
    conditioner = calibrated(train)
    assert conditioner.groups.tolist() == [0, 1, 2, 3]
    assert all(sounds_with(train, entry) for entry in conditioner.codebook)
    assert len(conditioner.codebook.unique(dim=0)) == 4
    assert bool((conditioner.texture_probabilities(train.features) > 1e-9).any(0).all())


def test_many_circles_with_entries_for_every_recording_are_no_groups_of_recordings(
    parts: dict[str, SplitData],
) -> None:
    # Six circles, eleven entries: not two for each circle, but more than recordings.
    train = paired(parts["train"], {(n, n) for n in range(6)})
    assert calibrated(train, codebook=11).groups.tolist() == list(range(11))


def test_few_circles_of_rows_have_textures_of_their_own(parts: dict[str, SplitData]) -> None:
    count = len(parts["train"].pairing.photos)
    train = paired(parts["train"], {(n, n) for n in range(count)})
    conditioner = calibrated(train, codebook=2 * count, sharpness=5.0)
    chances = conditioner.texture_probabilities(train.features)
    for photo, row in enumerate(chances):
        best = conditioner.codebook[row.argmax()]
        assert sounds_with(train, best) == {photo}


def test_more_entries_than_textures_repeat_and_are_never_drawn(parts: dict[str, SplitData]) -> None:
    train = parts["train"]
    windows = sum(len(recording.textures) for recording in train.bank.recordings)
    assert windows < 40
    conditioner = calibrated(train, codebook=40, sharpness=0.1)
    assert all(sounds_with(train, entry) for entry in conditioner.codebook)
    assert len(conditioner.groups[windows:].unique()) == 40 - windows
    assert set(conditioner.groups[:windows].tolist()).isdisjoint(conditioner.groups[windows:].tolist())
    chances = conditioner.texture_probabilities(parts["val"].features)
    assert chances[:, windows:].max() == 0.0


def levelled(train: SplitData, levels: Mapping[int, Sequence[float]]) -> SplitData:
    """The same recordings, but with other levels of their windows."""
    bank = copy.copy(train.bank)
    bank.recordings = [
        replace(recording, levels=torch.tensor(levels[number])) if number in levels else recording
        for number, recording in enumerate(train.bank.recordings)
    ]
    return SplitData(bank, train.pairing, train.features)


def drawn_from(train: SplitData, conditioner: TextureConditioner) -> set[tuple[int, int]]:
    """Recording and window of every texture that photos may get; photos get nothing else."""
    chances = conditioner.texture_probabilities(train.features)
    torch.testing.assert_close(chances.sum(1), torch.ones(len(chances)))
    return {
        (number, int(window))
        for entry in conditioner.codebook[(chances > 0).any(0)]
        for number, recording in enumerate(train.bank.recordings)
        for window in (recording.textures == entry).all(1).nonzero()
    }


# Two windows a recording.
OFF = {
    0: (-3.1, 0.5),
    1: (3.5, -float("inf")),  # both are off
    2: (-2.9, 2.9),
    3: (0.0, 3.1),
    4: (-20.0, -9.0),  # both are off
    5: (3.0, -3.0),
}
LEFT = {(0, 1), (1, 0), (2, 0), (2, 1), (3, 0), (4, 1), (5, 0), (5, 1)}


@pytest.mark.parametrize("by_row", [False, True])
def test_photos_get_no_window_off_the_level_of_its_recording_unless_all_are(
    by_row: bool, parts: dict[str, SplitData]
) -> None:
    train, codebook = parts["train"], 12
    if by_row:
        # Six circles are too many for eleven entries, so that all windows share one clustering.
        train, codebook = paired(train, {(n, n) for n in range(6)}), 11
    assert [len(recording.levels) for recording in train.bank.recordings] == [2] * 6
    assert len(drawn_from(train, calibrated(train, codebook=codebook, sharpness=0.1))) == codebook
    other = levelled(train, OFF)
    conditioner = calibrated(other, codebook=codebook, sharpness=0.1)
    assert drawn_from(other, conditioner) == LEFT
    found = {n for entry in conditioner.codebook for n in sounds_with(train, entry)}
    assert found == set(range(6))
    # What is not chosen is learned from all the same.
    torch.testing.assert_close(conditioner.texture_mean, calibrated(train).texture_mean)
    torch.testing.assert_close(conditioner.texture_std, calibrated(train).texture_std)


@settings(deadline=None, max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10_000), codebook=st.sampled_from([2, 4, 7, 12]), by_row=st.booleans())
def test_whatever_the_levels_photos_get_usual_windows_and_chances_that_sum_to_one(
    parts: dict[str, SplitData], seed: int, codebook: int, by_row: bool
) -> None:
    random = np.random.default_rng(seed)
    train = parts["train"]
    if by_row:
        train = paired(train, {(n, n) for n in range(6)})
    levels = {n: random.choice([-np.inf, -9.0, -3.5, -1.0, 0.0, 2.0, 4.0], 2).tolist() for n in range(6)}
    train = levelled(train, levels)
    usual = {
        (n, window)
        for n, both in levels.items()
        for window in range(2)
        if abs(both[window]) <= max(3, min(map(abs, both)))
    }
    conditioner = calibrated(train, codebook=codebook)
    found = drawn_from(train, conditioner)
    assert found
    assert found <= usual
    for entry in conditioner.codebook:
        assert any(torch.equal(train.bank.recordings[n].textures[window], entry) for n, window in usual)


def test_stillness_between_calls_is_no_texture_of_its_own(
    make_training: Make,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    manifest = write_tiny_scenes(tmp_path)
    for path in tmp_path.glob("*.wav"):
        samples, rate = soundfile.read(path)
        # Three seconds of sound, one of hardly any.
        soundfile.write(path, np.concatenate([samples, samples[:rate], 0.02 * samples[rate:]]), rate)
    train = read(make_training, pairs=str(manifest))["train"]
    assert [len(recording.textures) for recording in train.bank.recordings] == [4] * 6
    caplog.set_level(logging.INFO)
    conditioner = calibrated(train, codebook=24)
    assert "codebook: 18 textures from 18 windows in 2 groups" in caplog.text
    assert drawn_from(train, conditioner) == {(number, window) for number in range(6) for window in range(3)}


def test_a_recording_with_fewer_usual_windows_counts_as_much(parts: dict[str, SplitData]) -> None:
    # One window of recording 0 is left out: what is left of it stands for the whole.
    train = levelled(parts["train"], {0: (0.0, -20.0)})
    conditioner = calibrated(train, codebook=12)
    chances = conditioner.texture_probabilities(train.features[:1])[0]
    scene = train.pairing.sound_scenes[0]
    mates = [n for n, other in enumerate(train.pairing.sound_scenes) if other == scene]
    of_sound = torch.zeros(6)
    for chance, entry in zip(chances, conditioner.codebook, strict=True):
        (number,) = sounds_with(train, entry)
        of_sound[number] += chance
    shares = of_sound[mates] / of_sound[mates].sum()
    torch.testing.assert_close(shares, torch.full((3,), 1 / 3), atol=1e-4, rtol=0)


@settings(deadline=None)
@given(st.lists(st.floats(-60, 60, width=32) | st.just(-float("inf")), min_size=1, max_size=24))
def test_usual_windows_are_those_within_3_db_or_else_the_nearest_fifth(levels: list[float]) -> None:
    chosen = _usual(torch.tensor(levels)).tolist()
    off = [abs(level) for level in levels]
    inside = [o for o, c in zip(off, chosen, strict=True) if c]
    outside = [o for o, c in zip(off, chosen, strict=True) if not c]
    sounding = sum(o < float("inf") for o in off)
    fewest = -(-sounding // 5)
    assert not outside or min(outside) > max(3.0, max(inside))
    assert len(inside) >= max(1, fewest)
    if sounding:
        assert max(inside) < float("inf")
    if max(inside) > 3:
        # No more than it takes; those that are equally far off come together.
        assert sum(o < max(inside) for o in inside) < max(1, fewest)


def test_a_clap_of_thunder_does_not_stand_for_the_whole_recording() -> None:
    levels = torch.tensor([9.5, -6.5, -5.0, -8.0, -6.0, -9.0, -7.0])
    assert _usual(levels).tolist() == [False, False, True, False, True, False, False]


def test_sound_behind_the_last_window_leaves_silent_ones(make_training: Make, tmp_path: Path) -> None:
    manifest = write_tiny_scenes(tmp_path)
    samples, rate = soundfile.read(tmp_path / "hiss0.wav")
    # Windows of a second begin at each second: none reaches the last half.
    soundfile.write(tmp_path / "hiss0.wav", np.concatenate([0 * samples, samples[: rate // 2]]), rate)
    train = read(make_training, pairs=str(manifest))["train"]
    silent = [r for r in train.bank.recordings if r.path.name == "hiss0.wav"]
    assert [r.levels.tolist() for r in silent] == [[-float("inf")] * 2]
    chances = calibrated(train, codebook=12).texture_probabilities(train.features)
    torch.testing.assert_close(chances.sum(1), torch.ones(len(chances)))


@pytest.mark.parametrize("bands", [1, 2, 4])
def test_band_levels_are_those_of_the_training_split(parts: dict[str, SplitData], bands: int) -> None:
    train = parts["train"]
    model = PhotowaveModel(
        tiny_config(output="mixture", bands=bands, mixtures=2), feature_dim=train.features.shape[1]
    )
    calibrate(model, train, seed=0, prior_penalty=1e-3)
    assert isinstance(model.wavenet.output, MixtureOutput)
    # All recordings are equally long, so that the mean over recordings is that over all frames.
    samples = torch.stack([recording.samples for recording in train.bank.recordings])
    frames = model.codec.encode(samples).reshape(-1, bands).double()
    levels = frames.square().mean(0).sqrt().float()
    torch.testing.assert_close(model.wavenet.output.scale, levels, rtol=1e-5, atol=0)


def problem(seed: int) -> tuple[Tensor, Tensor]:
    random = np.random.default_rng(seed)
    inputs = random.standard_normal((60, 5))
    classes = (inputs @ random.standard_normal((5, 3)) + random.standard_normal((60, 3))).argmax(1)
    return torch.from_numpy(inputs).float(), torch.from_numpy(classes)


def objective(
    inputs: Tensor, classes: Tensor, weights: Tensor, weight: Tensor, bias: Tensor, penalty: float
) -> float:
    scores = inputs.double() @ weight.double().t() + bias.double()
    losses = torch.nn.functional.cross_entropy(scores, classes, reduction="none")
    loss = (weights.double() * losses).sum() / weights.double().sum()
    return float(loss + penalty * weight.double().square().sum())


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("penalty", [1e-1, 1e-2, 1e-3])
def test_fit_softmax_finds_the_minimum_that_scikit_learn_finds(penalty: float, weighted: bool) -> None:
    inputs, classes = problem(1)
    weights = torch.linspace(0.1, 3.0, len(inputs)) if weighted else torch.ones(len(inputs))
    targets = torch.nn.functional.one_hot(classes).float()
    weight, bias = fit_softmax(inputs, targets, weights=weights, penalty=penalty)
    # scikit-learn minimises C * (weighted sum of the losses) + half the squared weights.
    other = LogisticRegression(C=1 / (2 * penalty * float(weights.sum())), tol=1e-10, max_iter=10_000)
    other.fit(inputs.double().numpy(), classes.numpy(), sample_weight=weights.double().numpy())
    best_weight, best_bias = torch.from_numpy(other.coef_), torch.from_numpy(other.intercept_)
    gap = objective(inputs, classes, weights, weight, bias, penalty) - objective(
        inputs, classes, weights, best_weight, best_bias, penalty
    )
    # Single precision resolves a loss near 1 to 6e-8; ten such steps are what it may stop short by.
    assert abs(gap) < 6e-7
    # The penalty makes the objective strongly convex in the weights: distance^2 <= gap / penalty.
    assert float((weight.double() - best_weight).square().sum()) <= 6e-7 / penalty


def test_fit_softmax_takes_soft_targets() -> None:
    inputs = torch.zeros(4, 2)
    targets = torch.tensor([[0.5, 0.3, 0.2]]).expand(4, 3)
    weight, bias = fit_softmax(inputs, targets, weights=torch.ones(4), penalty=1e-3)
    assert weight.abs().max() == 0.0
    torch.testing.assert_close(torch.softmax(bias, 0), targets[0], atol=1e-4, rtol=0)


def test_fit_softmax_takes_a_weight_for_so_many_examples() -> None:
    inputs, targets = torch.zeros(2, 1), torch.eye(2)
    _, bias = fit_softmax(inputs, targets, weights=torch.tensor([3.0, 1.0]), penalty=1e-3)
    torch.testing.assert_close(torch.softmax(bias, 0), torch.tensor([0.75, 0.25]), atol=1e-4, rtol=0)
