"""Maps from labels to places: those that ship are sound, and a user's are read or refused in one line."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from photowave.checkpoint import default_model_path, load_model
from photowave.errors import PairError
from photowave.pairs.published.places import PlaceMap, copy_map, map_path, plain, read_map
from photowave.pairs.published.registry import SETS

MAPPED = [name for name, known in SETS.items() if known.labelled]


@pytest.fixture(scope="module")
def known_places() -> set[str]:
    catalogue = load_model(default_model_path()).model.catalogue
    assert catalogue is not None
    return {origin.place for origin in catalogue.recordings}


@pytest.mark.parametrize("name", MAPPED)
def test_shipped_maps_name_only_places_of_the_shipped_model(name: str, known_places: set[str]) -> None:
    places = set(read_map(map_path(name)).places.values()) - {""}
    assert places
    assert places <= known_places


def test_every_set_with_labels_has_a_map_and_no_other() -> None:
    assert sorted(path.stem for path in map_path("x").parent.iterdir()) == sorted(MAPPED)


@pytest.mark.parametrize(
    ("labels", "place"),
    [
        (["Sea Waves"], "sea_waves"),
        (["dog"], None),
        (["sea", "Rain"], "rain"),
        (["rain", "speech"], None),
        (["speech"], None),
        ([], None),
    ],
)
def test_the_first_line_that_names_a_label_decides(labels: Sequence[str], place: str | None) -> None:
    places = PlaceMap({"speech": "", "rain": "rain", "sea": "sea_waves", "sea waves": "sea_waves"})
    assert places.place(labels) == place


def test_spellings_agree() -> None:
    assert plain("forest/broadleaf") == plain("Forest-Broadleaf") == plain(" forest_broadleaf ")


def test_a_map_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "map.csv"
    path.write_text('\ufeffplace,label,note\nsea_waves,"waves, surf",loud\n,Dog,\n', encoding="utf-8")
    assert read_map(path) == PlaceMap({"waves, surf": "sea_waves", "dog": ""})


@pytest.mark.parametrize(
    ("content", "match"),
    [
        ("label\nrain\n", "has no column place"),
        ("label,place\nwaves, surf,sea\n", "line 2 of .* has 3 cells where 2 belong"),
        ("label,place\nrain,rain\nRain,snow\n", "the label 'Rain' stands twice"),
        ("label,place\nrain,\n", "gives no label a place"),
    ],
)
def test_a_map_that_does_not_fit_is_one_line(content: str, match: str, tmp_path: Path) -> None:
    (tmp_path / "map.csv").write_text(content)
    with pytest.raises(PairError, match=match):
        read_map(tmp_path / "map.csv")


def test_a_copy_is_what_ships_and_replaces_nothing(tmp_path: Path) -> None:
    target = tmp_path / "my.csv"
    copy_map("esc50", target)
    assert target.read_bytes() == map_path("esc50").read_bytes()
    target.write_text("mine")
    with pytest.raises(PairError, match="is there already"):
        copy_map("esc50", target)
    assert target.read_text() == "mine"
    copy_map("esc50", target, overwrite=True)
    assert len(read_map(target).places) == 50
    with pytest.raises(PairError, match="cannot be written"):
        copy_map("esc50", tmp_path / "nowhere" / "my.csv")
