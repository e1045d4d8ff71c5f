"""Whole groups go to one side of the split, near to the wanted shares; the list that ships is so."""

from collections import defaultdict
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageEnhance
from places import grouping
from places.entries import LIST, Entry, read_entries
from places.grouping import alike, groups_of
from places.looking import difference, perceptual_hash
from places.splitting import LEFT_OUT, UNREADABLE, deal, split_entries, table


def sound(author: str, place: str = "sea", path: str | None = None, duration_s: float = 10.0) -> Entry:
    path = path or f"{author} {place}"
    return Entry(
        place=place,
        kind="sound",
        file=f"{place}/sounds/{path}.ogg",
        source_kind="github",
        source="me/sounds",
        version="0",
        path_in_source=path,
        author=author,
        duration_s=duration_s,
    )


def photo(source: str, place: str = "sea", name: str = "a.jpg") -> Entry:
    return replace(sound("me", place), kind="photo", source=source, file=f"{place}/photos/{name}")


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        (sound("klankbeeld"), sound("klankbeeld", "forest"), True),
        (sound("dobroide"), sound('Dob "dobroide" Roide', "forest"), True),
        (sound("Benboncan (edit Peter Leconte)"), sound("Tomlija (edit Peter Leconte)"), False),
        (sound("Benboncan (edit Peter Leconte)"), sound("Benboncan, dobroide (mix Bertram)"), True),
        (sound("stephan (PDSounds)"), sound("stephan"), True),
        (sound("swuing, bone666138, sarson or aaronstar"), sound("aaronstar"), True),
        (sound("Corsica_S"), sound("Charliefarley"), False),
        (sound("Google Sound Library"), sound("Google Sound Library", "forest"), False),
        (sound("USC Cinema / Sunset Editorial (Red Library)"), sound("USC/Sunset Editorial"), True),
        (sound("SFX Producer (YouTube channel)"), sound("SFX Producer", "forest"), False),
        (sound("a", path="day.mp3"), sound("b", path="day.mp3"), True),
        (photo("me/one"), photo("me/one", name="b.jpg"), True),
        (photo("me/one"), photo("me/one", "lake"), False),
        (photo("me/one"), photo("me/two"), False),
        (photo("endless-sky-data"), photo("MCOfficer/endless-sky-imgbot-test"), True),
        (photo("me"), sound("me"), False),
    ],
)
def test_groups(one: Entry, other: Entry, together: bool) -> None:
    here, there = groups_of([one, other])
    assert (here == there) is together
    assert groups_of([other, one]) == [there, here]


def test_authors_tie_groups_together_and_views_tie_sources(monkeypatch: pytest.MonkeyPatch) -> None:
    chain = [sound("a"), sound("b", "lake"), sound("b, c"), sound("c; a")]
    assert groups_of(chain) == ["a"] * 4
    monkeypatch.setattr(grouping, "SAME_VIEW", (("p.jpg", "q.jpg"),))
    views = [photo("one", name="p.jpg"), photo("two", "lake", name="q.jpg"), photo("two", name="r.jpg")]
    assert groups_of(views) == ["one @ sea", "one @ sea", "two @ sea"]


def test_looks_survive_scaling_recoding_and_colour_but_not_another_view() -> None:
    random = np.random.default_rng(0)
    views = [
        Image.fromarray(random.integers(0, 256, (6, 9, 3), dtype=np.uint8)).resize((640, 400), 3)
        for _ in range(12)
    ]
    looks = [perceptual_hash(image) for image in views]
    for image, look in zip(views, looks, strict=True):
        assert 0 <= look < 1 << 63
        assert difference(perceptual_hash(image.resize((320, 200))), look) <= 4
        assert difference(perceptual_hash(ImageEnhance.Color(image).enhance(0.5)), look) <= 6
    apart = [difference(one, other) for n, one in enumerate(looks) for other in looks[:n]]
    assert min(apart) > 14
    entries = [replace(photo("s"), phash=f"{look:016x}") for look in (looks[0], looks[1], looks[0] ^ 5)]
    assert alike(entries) == [(2, entries[2], entries[0])]


AMOUNTS = st.dictionaries(
    st.text("abcdefgh", min_size=1, max_size=2),
    st.dictionaries(st.sampled_from(["sea", "lake", "wood"]), st.floats(1, 50), min_size=1),
    min_size=1,
    max_size=9,
)


@settings(deadline=None, max_examples=20)
@given(amounts=AMOUNTS, seed=st.randoms(use_true_random=False))
def test_every_place_trains_and_the_order_plays_no_part(amounts: dict, seed) -> None:
    dealt = deal(amounts)
    assert dealt.keys() == amounts.keys()
    held: dict[str, set[str]] = defaultdict(set)
    for group, places in amounts.items():
        for place in places:
            held[place].add(dealt[group])
    assert all("train" in splits for splits in held.values())
    shuffled = list(amounts)
    seed.shuffle(shuffled)
    assert deal({group: amounts[group] for group in shuffled}) == dealt


def test_few_groups_prefer_training_then_test_then_validation() -> None:
    def dealt(*seconds: float) -> list[str]:
        found = deal({f"g{n}": {"sea": amount} for n, amount in enumerate(seconds)})
        return [found[f"g{n}"] for n in range(len(seconds))]

    assert dealt(5) == ["train"]
    assert dealt(20, 50) == ["test", "train"]
    assert sorted(dealt(10, 10, 10)) == ["test", "train", "train"]
    assert sorted(dealt(30, 10, 10)) == ["test", "train", "val"]
    assert dealt(70, 12, 18) == ["train", "val", "test"]
    fifty = dealt(*[1.0] * 50)
    assert [fifty.count(split) for split in ("train", "val", "test")] == [35, 6, 9]


def test_photos_of_places_without_sound_are_for_the_test_and_some_places_are_left_out() -> None:
    (left_out, *_), (unreadable, *_) = LEFT_OUT, UNREADABLE
    entries = [sound("a"), photo("b"), photo("c", "office"), sound("d", left_out), photo("e", left_out)]
    entries.append(replace(sound("f", "jungle"), file=unreadable))
    entries = [replace(e, group=group) for e, group in zip(entries, groups_of(entries), strict=True)]
    splits = split_entries(entries)
    assert splits == ["train", "train", "test", "", "", ""]
    shown = table([replace(e, split=split) for e, split in zip(entries, splits, strict=True)])
    assert shown.splitlines()[2:] == [
        "| office | 0 | 0 | 1 | 0 | 0 | 0 |",
        "| sea | 1 | 0 | 0 | 10 | 0 | 0 |",
        "| all | 1 | 0 | 1 | 10 | 0 | 0 |",
    ]


@pytest.mark.slow
def test_the_split_of_the_list_that_ships_is_the_one_it_gives() -> None:
    listed = read_entries(LIST)
    assert [entry.group for entry in listed] == groups_of(listed)
    assert [entry.split for entry in listed] == split_entries(listed)


def test_the_list_that_ships_keeps_groups_together_and_has_enough_places() -> None:
    listed = [entry for entry in read_entries(LIST) if entry.split]
    sides: dict[tuple[str, str], set[str]] = defaultdict(set)
    for entry in listed:
        sides[entry.kind, entry.group].add(entry.split)
    assert all(len(splits) == 1 for splits in sides.values())
    assert len({entry.place for entry in listed if entry.kind == "sound" and entry.split == "train"}) == 27
