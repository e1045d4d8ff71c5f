"""The script of `photowave completion` completes what the parsers know."""

import subprocess
from pathlib import Path

import pytest

from photowave import extras
from photowave.cli import completion
from photowave.cli.completion import options_of, parser_of, subcommands_of
from photowave.cli.main import COMMANDS, main
from photowave.errors import PhotowaveError


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The script for bash."""
    import contextlib
    import io

    shown = io.StringIO()
    with contextlib.redirect_stdout(shown):
        assert main(["completion", "bash"]) == 0
    path = tmp_path_factory.mktemp("completion") / "photowave.bash"
    path.write_text(shown.getvalue(), encoding="utf-8")
    return path


def completed(script: Path, *words: str) -> set[str]:
    """What bash offers for the last of the words after `photowave`."""
    line = " ".join(f"'{word}'" for word in ("photowave", *words))
    asked = f"source '{script}'; COMP_WORDS=({line}); COMP_CWORD={len(words)}; _shtab_photowave"
    done = subprocess.run(
        ["bash", "-c", f'{asked}; printf "%s\\n" "${{COMPREPLY[@]}}"'],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    return set(done.stdout.split())


def test_commands_are_completed(script: Path) -> None:
    assert set(COMMANDS) <= completed(script, "")
    assert completed(script, "gen") == {"generate"}


LEAVES = [name for name in COMMANDS if not subcommands_of(name)]
LEAVES += [f"{name} {sub}" for name in COMMANDS for sub in subcommands_of(name)]


@pytest.mark.parametrize("command", LEAVES)
def test_options_are_completed(command: str, script: Path) -> None:
    known = {name for action in options_of(parser_of(command)) for name in action.option_strings}
    assert known - {"-c"} <= completed(script, *command.split(), "--")


def test_subcommands_are_completed(script: Path) -> None:
    assert completed(script, "pairs", "") >= set(subcommands_of("pairs"))


def test_values_are_completed(script: Path) -> None:
    assert completed(script, "generate", "--format", "") == {"wav", "flac", "ogg", "mp3"}
    assert completed(script, "recipes", "") >= {"list", "copy"}


def test_commands_without_their_extra_are_named_all_the_same(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda module: None)
    assert main(["completion", "bash"]) == 0
    shown = capsys.readouterr().out
    assert "fit" in shown
    assert "--trainer" not in shown
    assert "--duration_s" in shown


def test_other_shells() -> None:
    assert main(["completion", "zsh"]) == 0
    with pytest.raises(PhotowaveError, match="fish"):
        completion.run("completion", ["fish"])
