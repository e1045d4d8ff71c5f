"""Recipes by name: those of configs/, and no others."""

from pathlib import Path

import pytest

from photowave import recipes
from photowave.errors import ConfigError

CONFIGS = Path(__file__).resolve().parent.parent / "configs"


def test_recipes_are_the_files_of_configs() -> None:
    assert recipes.names() == ["bands", "end_to_end", "one_clip", "places", "reference", "scenes"]
    for name in recipes.names():
        assert recipes.path(name).read_bytes() == (CONFIGS / f"{name}.yaml").read_bytes()


@pytest.mark.parametrize("name", recipes.names())
def test_each_begins_with_what_it_trains(name: str) -> None:
    first = (CONFIGS / f"{name}.yaml").read_text(encoding="utf-8").splitlines()[0]
    assert first == f"# {recipes.summary(name)}"
    assert len(recipes.summary(name)) > 20


@pytest.mark.parametrize("name", ["scene", "scenes.yaml", "../configs/scenes", ""])
def test_an_unknown_recipe_lists_the_known(name: str) -> None:
    with pytest.raises(ConfigError) as refused:
        recipes.path(name)
    assert f"'{name}'" in str(refused.value)
    assert "bands, end_to_end, one_clip, places, reference, scenes" in str(refused.value)


def test_an_installed_package_finds_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "photowave" / "configs").mkdir(parents=True)
    (tmp_path / "photowave" / "configs" / "shipped.yaml").write_text("# Ships.\n")
    monkeypatch.setattr(recipes, "files", lambda package: tmp_path / package)
    assert recipes.names() == ["shipped"]
    assert recipes.summary("shipped") == "Ships."
