"""`photowave recipes`, and recipes by name after --config."""

from pathlib import Path

import pytest

from photowave import recipes
from photowave.cli.main import main
from photowave.cli.recipes import with_paths
from photowave.errors import ConfigError


def test_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["recipes"]) == 0
    out, err = capsys.readouterr()
    assert not err
    assert [line.split()[0] for line in out.splitlines()] == recipes.names()
    for line, name in zip(out.splitlines(), recipes.names(), strict=True):
        assert line.endswith(recipes.summary(name))
    assert main(["recipes", "list"]) == 0
    assert capsys.readouterr().out == out


def test_copy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mine = tmp_path / "my.yaml"
    assert main(["recipes", "copy", "scenes", str(mine)]) == 0
    assert mine.read_bytes() == recipes.path("scenes").read_bytes()
    assert capsys.readouterr().out == f"scenes -> {mine}\n"


def test_a_copy_overwrites_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mine = tmp_path / "my.yaml"
    mine.write_text("mine")
    assert main(["recipes", "copy", "scenes", str(mine)]) == 2
    assert mine.read_text() == "mine"
    assert f"{mine} exists already" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["copy"], "photowave recipes copy scenes my.yaml"),
        (["copy", "scenes"], "photowave recipes copy scenes my.yaml"),
        (["copy", "sceens", "my.yaml"], "Choose from: bands, end_to_end"),
        (["copy", "scenes", "no such folder/my.yaml"], "cannot be written"),
        (["list", "scenes"], "takes no name"),
    ],
    ids=["nothing", "no file", "unknown", "no folder", "a name too many"],
)
def test_mistakes_are_one_line(
    arguments: list[str], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    assert main(["recipes", *arguments]) == 2
    out, err = capsys.readouterr()
    assert not out
    assert err.count("\n") == 1
    assert told in err
    assert list(tmp_path.iterdir()) == []


SCENES, BANDS = str(recipes.path("scenes")), str(recipes.path("bands"))


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ([], []),
        (["--config", "scenes"], ["--config", SCENES]),
        (["--config=scenes"], [f"--config={SCENES}"]),
        (["-c", "scenes", "-c", "bands"], ["-c", SCENES, "-c", BANDS]),
        (["-c=scenes"], [f"-c={SCENES}"]),
        (["--data.pairs", "scenes", "--config", "bands"], ["--data.pairs", "scenes", "--config", BANDS]),
        (["--config", "{seed_everything: 3}"], ["--config", "{seed_everything: 3}"]),
        (["--help"], ["--help"]),
        (["--config"], ["--config"]),
    ],
    ids=str,
)
def test_names_become_paths(given: list[str], read: list[str]) -> None:
    assert with_paths(given) == read


def test_a_file_of_that_name_goes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "scenes").mkdir()
    assert with_paths(["--config", "scenes"]) == ["--config", SCENES]
    (tmp_path / "bands").write_text("seed_everything: 3\n")
    assert with_paths(["--config", "bands"]) == ["--config", "bands"]


@pytest.mark.parametrize("value", ["sceens", "missing.yaml", "folder/missing.yaml"])
def test_what_is_neither_lists_the_recipes(value: str) -> None:
    with pytest.raises(ConfigError) as refused:
        with_paths(["--config", value])
    assert str(refused.value).startswith(f"--config {value}: ")
    assert ", ".join(recipes.names()) in str(refused.value)


@pytest.mark.parametrize("command", ["fit", "validate", "test"])
def test_the_commands_of_training_know_them(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, "--config", "sceens"]) == 2
    out, err = capsys.readouterr()
    assert not out
    assert err.count("\n") == 1
    assert ", ".join(recipes.names()) in err


def test_fit_reads_the_recipe(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as done:
        main(["fit", "--config", "bands", "--print_config"])
    assert done.value.code == 0
    assert "max_steps: 8000" in capsys.readouterr().out
