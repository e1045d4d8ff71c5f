"""A sweep has a row for each setting, and judges every seed by itself."""

from pathlib import Path

import pytest

from photowave.evaluation.studies.sweep import BY_SEED, TOGETHER, Setting, cell, settings_of, sweep
from photowave.generation import load
from photowave.pairs.sources import open_pairs
from photowave.settings import DrawSettings, EvaluateSettings

DRAW = DrawSettings(duration_s=1.0)


def test_each_setting_comes_once() -> None:
    settings = settings_of(DRAW, temperatures=[0.5, 1.0], guidances=[1.0, 2.0], varied=True)
    names = ["0.5, guidance 1", "1, guidance 1", "1, guidance 2", "1, guidance 1, varied"]
    assert [str(setting) for setting in settings] == [f"temperature {name}" for name in names]
    assert settings_of(DRAW, temperatures=[], guidances=[1.0]) == [Setting(DRAW)]


def test_a_sweep_has_a_row_for_each_setting(trained: tuple[Path, Path]) -> None:
    manifest, file = trained
    settings = settings_of(DRAW, temperatures=[0.5, 1.0], guidances=[2.0], varied=True)
    drawn: list[str] = []
    table = sweep(
        load(file), open_pairs(str(manifest)), settings, EvaluateSettings(split="train", seeds=2),
        progress=drawn.append,
    )  # fmt: skip
    assert table[0] == ["setting", *BY_SEED, TOGETHER]
    assert [row[0] for row in table[1:]] == ["real", *map(str, settings)]
    assert drawn == [row[0] for row in table[2:]]
    assert len({tuple(row[1:]) for row in table}) == len(table)
    # Mean over the seeds and standard deviation between them.
    assert all(" +- " in row[table[0].index("level_difference_db")] for row in table[2:])


def test_a_cell_is_mean_and_standard_deviation() -> None:
    assert cell([0.5]) == "0.5"
    assert cell([1.0, 3.0]) == "2 +- 1.4"


def test_one_seed_has_no_spread(trained: tuple[Path, Path]) -> None:
    manifest, file = trained
    evaluate = EvaluateSettings(split="train", seeds=1)
    table = sweep(load(file), open_pairs(str(manifest)), [Setting(DRAW)], evaluate)
    assert table[2][-1] == "nan"
    assert "+-" not in "".join(table[2])


@pytest.mark.parametrize("split", ["val", "test"])
def test_the_photos_are_those_of_the_split(trained: tuple[Path, Path], split: str) -> None:
    manifest, file = trained
    evaluate = EvaluateSettings(split=split, seeds=1)  # type: ignore[arg-type]
    seen: list[Path] = []
    model = load(file)
    read = model.read
    model.read = lambda photo, settings: (seen.append(Path(photo)), read(photo, settings))[1]  # type: ignore
    sweep(model, open_pairs(str(manifest)), [Setting(DRAW)], evaluate)
    assert [path.name for path in seen] == [
        f"{s}{3 if split == 'val' else 4}.png" for s in ("hiss", "rumble")
    ]
