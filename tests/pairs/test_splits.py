"""The laws of splitting: nothing shared, nothing left to chance, nobody left empty."""

import hashlib
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from photowave.errors import ConfigError
from photowave.pairs.splits import (
    SPLITS,
    Item,
    assign_splits,
    assign_splits_stably,
    content_keys,
    recording_name,
    split_counts,
    take_name,
)
from photowave.settings import SplitSettings

SCENES = st.sampled_from(["sea", "city", "forest", None])


def photos(count: int, scene: str | None = "sea") -> list[Item]:
    return [Item(name=f"{scene}/photos/{n}.jpg", kind="photo", scene=scene) for n in range(count)]


def sounds(names: list[str], scene: str = "sea") -> list[Item]:
    return [
        Item(
            name=name,
            kind="sound",
            scene=scene,
            keys=frozenset({recording_name(name)}),
            take=take_name(name),
        )
        for name in names
    ]


@st.composite
def tables(draw: st.DrawFn) -> list[Item]:
    """Photos and sounds that share keys at random."""
    keys = st.frozensets(st.integers(0, 30).map(str), max_size=2)
    kinds = st.sampled_from(["photo", "sound"])
    drawn = draw(
        st.lists(st.tuples(kinds, SCENES, keys, st.sampled_from([None, "a", "b", "c", "d"])), max_size=40)
    )
    return [
        Item(name=f"{n}", kind=kind, scene=scene, keys=keys, take=None if kind == "photo" else take)
        for n, (kind, scene, keys, take) in enumerate(drawn)
    ]


@settings(deadline=None)
@given(items=tables(), seed=st.integers(0, 5))
def test_items_with_a_common_key_share_a_split(items: list[Item], seed: int) -> None:
    splits_of = defaultdict(set)
    for item, split in zip(items, assign_splits(items, SplitSettings(seed=seed)), strict=True):
        assert split in SPLITS
        for key in item.keys:
            splits_of[key].add(split)
    assert all(len(splits) == 1 for splits in splits_of.values())


@settings(deadline=None)
@given(items=tables(), seed=st.integers(0, 5), random=st.randoms(use_true_random=False))
def test_the_order_of_the_items_does_not_matter(items: list[Item], seed: int, random) -> None:
    expected = {
        item.name: split
        for item, split in zip(items, assign_splits(items, SplitSettings(seed=seed)), strict=True)
    }
    random.shuffle(items)
    assert {
        i.name: s for i, s in zip(items, assign_splits(items, SplitSettings(seed=seed)), strict=True)
    } == expected


@settings(deadline=None)
@given(n=st.integers(0, 400), val=st.floats(0, 0.49), test=st.floats(0, 0.49), sound=st.booleans())
def test_counts_are_the_shares_with_their_minimums(n: int, val: float, test: float, sound: bool) -> None:
    in_val, in_test = split_counts(n, val=val, test=test, sounds=sound)
    in_train = n - in_val - in_test
    assert in_val >= (1 if val > 0 and n >= 3 else 0)
    assert in_test >= (1 if test > 0 and n >= (4 if sound else 3) else 0)
    assert in_train >= (2 if sound and n >= 3 else min(n, 1))
    if n >= 200:
        assert (in_val, in_test) == (max(round(n * val), val > 0), max(round(n * test), test > 0))
    if val == 0:
        assert in_val == 0
    if test == 0:
        assert in_test == 0


@pytest.mark.parametrize(
    ("n", "sound", "expected"),
    [
        (0, False, (0, 0)),
        (1, False, (0, 0)),
        (2, False, (0, 0)),
        (3, False, (1, 1)),
        (20, False, (3, 3)),
        (2, True, (0, 0)),
        (3, True, (1, 0)),
        (4, True, (1, 1)),
        (10, True, (2, 2)),
    ],
)
def test_counts_at_the_default_shares(n: int, sound: bool, expected: tuple[int, int]) -> None:
    assert split_counts(n, val=0.15, test=0.15, sounds=sound) == expected


@settings(deadline=None)
@given(n=st.integers(0, 60), seed=st.integers(0, 9))
def test_a_scene_of_photos_gets_exactly_its_counts(n: int, seed: int) -> None:
    splits = assign_splits(photos(n), SplitSettings(seed=seed))
    assert (splits.count("val"), splits.count("test")) == split_counts(n, val=0.15, test=0.15)


@settings(deadline=None)
@given(n=st.integers(3, 60), seed=st.integers(0, 9))
def test_one_more_photo_moves_at_most_two_others(n: int, seed: int) -> None:
    before = assign_splits(photos(n), SplitSettings(seed=seed))
    after = assign_splits(photos(n + 1), SplitSettings(seed=seed))
    assert sum(a != b for a, b in zip(before, after, strict=False)) <= 2


def test_another_seed_is_another_split() -> None:
    assert assign_splits(photos(40), SplitSettings(seed=0)) != assign_splits(
        photos(40), SplitSettings(seed=1)
    )


def test_the_split_of_a_seed_stays_what_it_was() -> None:
    """Trained models name a seed: the order must not change from version to version."""
    places = sorted(range(7), key=lambda n: hashlib.sha256(f"0\0sea/photos/{n}.jpg".encode()).digest())
    expected = {places[0]: "val", places[-1]: "test"}
    assert assign_splits(photos(7), SplitSettings(seed=0)) == [expected.get(n, "train") for n in range(7)]
    assert expected == {1: "val", 3: "test"}


def test_excerpts_of_one_recording_stay_together_even_in_a_small_scene() -> None:
    names = ["birds__0-60s.ogg", "birds__60-120s.ogg", "birds__120-180.5s.ogg", "owl.ogg"]
    for seed in range(20):
        splits = assign_splits(sounds(names), SplitSettings(seed=seed, val=0.3, test=0.3))
        assert len(set(splits[:3])) == 1


def test_takes_stay_together_where_a_scene_has_four_sessions() -> None:
    names = ["car1.wav", "car2.wav", "rain.wav", "dog.wav", "bell_01.wav", "bell_02.wav"]
    for seed in range(20):
        splits = assign_splits(sounds(names), SplitSettings(seed=seed))
        assert splits[0] == splits[1]
        assert splits[4] == splits[5]


def test_takes_are_apart_where_a_scene_has_too_few_sessions() -> None:
    names = ["car1.wav", "car2.wav", "car3.wav", "car4.wav", "rain.wav"]
    splits = assign_splits(sounds(names), SplitSettings(seed=0))
    assert (splits.count("val"), splits.count("test"), splits.count("train")) == (1, 1, 3)


def test_a_scene_splits_as_if_it_were_alone() -> None:
    """Also where another scene has takes of the same name."""
    sea = sounds(["sea/wind1.wav", "sea/a.wav", "sea/b.wav", "sea/c.wav"], "sea")
    hill = [Item(name=f"hill/{n}", kind="sound", scene="hill", take="sea/wind") for n in range(6)]
    for seed in range(10):
        assert assign_splits(sea + hill, SplitSettings(seed=seed))[:4] == assign_splits(
            sea, SplitSettings(seed=seed)
        )


@pytest.mark.parametrize(
    ("name", "recording", "take"),
    [
        ("sea/sounds/waves.wav", "sea/sounds/waves", "sea/sounds/waves"),
        ("sea/sounds/waves__0-9s.flac", "sea/sounds/waves", "sea/sounds/waves"),
        ("sea/sounds/waves__1.5-9.25s.flac", "sea/sounds/waves", "sea/sounds/waves"),
        ("city/TraficHigh2.flac", "city/TraficHigh2", "city/TraficHigh"),
        ("city/water_3.ogg", "city/water_3", "city/water"),
        ("wind1__10-20s.ogg", "wind1", "wind"),
        ("2024/007.wav", "2024/007", "2024/007"),
    ],
)
def test_names_of_recordings_and_takes(name: str, recording: str, take: str) -> None:
    assert recording_name(name) == recording
    assert take_name(name) == take


@pytest.mark.parametrize(("val", "test"), [(-0.1, 0.2), (0.5, 0.5), (0.2, 1.0), (float("nan"), 0.1)])
def test_shares_that_leave_nothing_are_refused(val: float, test: float) -> None:
    with pytest.raises(ConfigError, match=r"leave something to train on"):
        SplitSettings(val=val, test=test)


def test_equal_content_has_one_key_under_any_name(tmp_path: Path) -> None:
    contents = {"a": b"same", "b": b"same", "c": b"else", "d": b"longer"}
    paths = {name: tmp_path / name for name in contents}
    for name, path in paths.items():
        path.write_bytes(contents[name])
    keys = content_keys(paths.values())
    assert keys[paths["a"]] == keys[paths["b"]]
    assert len(set(keys.values())) == 3


@settings(deadline=None)
@given(items=tables(), more=tables(), seed=st.integers(0, 5))
def test_stable_splits_do_not_move_when_items_are_added(
    items: list[Item], more: list[Item], seed: int
) -> None:
    keyed = [replace(item, keys=frozenset(f"old {key}" for key in item.keys), take=None) for item in items]
    added = [replace(item, name=f"new {item.name}", take=None) for item in more]
    before = assign_splits_stably(keyed, SplitSettings(seed=seed))
    assert assign_splits_stably([*added, *keyed], SplitSettings(seed=seed))[len(added) :] == before
    splits_of = defaultdict(set)
    for item, split in zip(keyed, before, strict=True):
        for key in item.keys:
            splits_of[key].add(split)
    assert all(len(splits) == 1 for splits in splits_of.values())


def test_stable_splits_meet_the_shares_on_average() -> None:
    splits = assign_splits_stably(photos(4000), SplitSettings(val=0.1, test=0.3))
    # Five standard deviations of a binomial.
    assert splits.count("val") / 4000 == pytest.approx(0.1, abs=0.024)
    assert splits.count("test") / 4000 == pytest.approx(0.3, abs=0.037)


def test_a_file_that_vanished_is_like_no_other(tmp_path: Path) -> None:
    (tmp_path / "there").write_bytes(b"here")
    paths = [tmp_path / name for name in ("gone.jpg", "gone.png", "there")]
    assert len(set(content_keys(paths).values())) == 3
