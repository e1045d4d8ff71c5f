"""Where textures come from: text that survives a file, and nothing else is believed."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from photowave.errors import CheckpointError
from photowave.model import Catalogue, Origin

TEXT = st.text(st.characters(codec="utf-8"), max_size=12)
ORIGINS = st.builds(
    Origin, name=TEXT, place=TEXT, seconds=st.floats(0, 1e6), licence=TEXT, author=TEXT, source=TEXT
)


@settings(deadline=None, max_examples=60)
@given(data=st.data(), recordings=st.lists(ORIGINS, min_size=1, max_size=4))
def test_what_is_written_is_read_back(data: st.DataObject, recordings: list[Origin]) -> None:
    owners = data.draw(st.lists(st.integers(0, len(recordings) - 1), max_size=6))
    catalogue = Catalogue(recordings=tuple(recordings), owners=tuple(owners))
    assert Catalogue.from_json(catalogue.to_json(), textures=len(owners)) == catalogue


GULLS = Origin(
    name="gulls.wav", place="sea", seconds=7.5, licence="CC0", author="Ann", source="https://x.org"
)
WIND = Origin(name="wind.wav", place="peak", seconds=3.0)
CATALOGUE = Catalogue(recordings=(GULLS, WIND), owners=(0, 1, 1))


@pytest.mark.parametrize(
    "change",
    [
        {"owners": [0, 1]},
        {"owners": [0, 1, 2]},
        {"owners": [0, 1, -1]},
        {"owners": [0, 1, True]},
        {"owners": [0, 1, 0.0]},
        {"owners": 3},
        {"recordings": "gulls"},
        {"recordings": [{"name": "gulls.wav"}] * 2},
        {"recordings": [{"name": 3, "place": "sea", "seconds": 1.0}] * 2},
        {"recordings": [{"name": "a", "place": "sea", "seconds": "long"}] * 2},
        {"recordings": [{"name": "a", "place": "sea", "seconds": 1.0, "run": "rm"}] * 2},
    ],
)
def test_what_does_not_fit_is_refused(change: dict[str, object]) -> None:
    text = json.dumps(json.loads(CATALOGUE.to_json()) | change)
    with pytest.raises(CheckpointError, match="list of recordings"):
        Catalogue.from_json(text, textures=3)


@pytest.mark.parametrize("text", ["", "[]", "null", "{", '{"owners": []}'])
def test_other_text_is_refused(text: str) -> None:
    with pytest.raises(CheckpointError, match="cannot be read"):
        Catalogue.from_json(text, textures=0)


def test_textures_are_named_by_their_places() -> None:
    assert CATALOGUE.place([1, 2]) == "peak"
    assert CATALOGUE.place([0, 1, 2]) == "peak or sea"


def test_an_attribution_is_a_line_to_paste() -> None:
    assert GULLS.attribution == '"gulls.wav" by Ann, CC0, https://x.org'
    assert WIND.attribution == '"wind.wav", licence unknown'
