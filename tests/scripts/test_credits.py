"""Credits: whoever made a training recording is named, and no other."""

import csv

from credits import LIST, credit_lines

LINE = {
    "place": "sea",
    "kind": "sound",
    "file": "sea/sounds/surf.ogg",
    "split": "train",
    "author": "A. Diver",
}
LINE |= {"licence": "CC-BY-4.0", "origin": "https://example.org/1", "source": "someone/surf"}


def test_a_recording_is_named_with_author_licence_and_origin() -> None:
    text = list(credit_lines([LINE]))
    assert "- `surf.ogg`, by A. Diver, CC-BY-4.0, https://example.org/1" in text
    assert "## sea" in text


def test_a_source_stands_in_for_an_author_and_signs_cannot_break_the_page() -> None:
    text = "\n".join(credit_lines([{**LINE, "author": "", "origin": "a | <b>"}]))
    assert "by someone/surf" in text
    assert "<b>" not in text


def test_only_the_training_part_counts() -> None:
    lines = [
        LINE,
        {**LINE, "split": "test", "author": "Unheard"},
        {**LINE, "kind": "photo", "licence": "MIT"},
        {**LINE, "kind": "photo", "licence": "CC-BY-SA-4.0"},
        {**LINE, "kind": "photo", "licence": "LGPL-2.1+"},
    ]
    text = "\n".join(credit_lines(lines))
    assert "Unheard" not in text
    assert "learned from 1 recordings by 1 authors" in text
    assert "| MIT | 1 |" in text
    assert "features of 1 photos" in text
    assert "LGPL" not in text, "build_places.py leaves those out, too"


def test_no_recording_of_the_set_is_share_alike() -> None:
    with LIST.open(encoding="utf-8", newline="") as file:
        licences = {
            line["licence"] for line in csv.DictReader(file) if line["kind"] == "sound" and line["split"]
        }
    assert [licence for licence in licences if "SA" in licence.upper() or "GPL" in licence.upper()] == []
