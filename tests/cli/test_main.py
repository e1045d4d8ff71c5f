"""The command itself: what it offers, how quickly it answers, and that every mistake is one line."""

import importlib.util
import os
import subprocess
import sys
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from photowave import __version__, extras
from photowave.cli import info
from photowave.cli.main import COMMANDS, main, spelled
from photowave.errors import ConfigError


@pytest.mark.parametrize("arguments", [[], ["--help"], ["-h"]])
def test_help_lists_every_command(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 0
    out, err = capsys.readouterr()
    assert not err
    for name, (_, text) in COMMANDS.items():
        assert f"\n  {name} " in out
        assert text in out


def test_every_command_has_a_module() -> None:
    for module, _ in COMMANDS.values():
        assert importlib.util.find_spec(f"photowave.cli.{module}") is not None


@pytest.mark.parametrize("flag", ["--version", "-V"])
def test_version(flag: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([flag]) == 0
    assert capsys.readouterr().out == f"photowave {__version__}\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["--version"],
        ["unknown"],
        ["recipes"],
        ["generate", "--help"],
        ["generate", "no such photo.jpg"],
    ],
    ids=" ".join,
)
def test_quick_answers_import_no_torch(arguments: list[str]) -> None:
    code = f"""
import sys
from photowave.cli.main import main
try:
    main({arguments!r})
except SystemExit as done:
    assert done.code == 0
heavy = [name for name in ("torch", "lightning", "numba", "matplotlib") if name in sys.modules]
sys.exit(" ".join(heavy) or 0)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def one_line(capsys: pytest.CaptureFixture[str]) -> str:
    out, err = capsys.readouterr()
    assert not out
    assert err.startswith("photowave: ")
    assert err.count("\n") == 1
    assert err.endswith("\n")
    return err


def test_an_unknown_command_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["generat"]) == 2
    line = one_line(capsys)
    assert "'generat'" in line
    assert "generate" in line


WRONG = [
    ("generate", []),
    ("generate", ["x.jpg", "--duration_s", "long"]),
    ("generate", ["x.jpg", "--seed", "1.5"]),
    ("generate", ["x.jpg", "--variation", "1.5"]),
    ("generate", ["x.jpg", "--format", "aac"]),
    ("generate", ["x.jpg", "--nonsense", "3"]),
    ("generate", ["x.jpg", "--seed"]),
    ("export", []),
    ("export", ["only.ckpt"]),
    ("export", ["a.ckpt", "b.safetensors", "c"]),
    ("info", ["a", "b"]),
    ("info", ["--nonsense"]),
    ("pairs make", ["folder"]),
    ("pairs make", ["folder", "--out", "out.csv", "--val", "some"]),
    ("pairs check", []),
    ("pairs check", ["m.csv", "--clip_s", "long"]),
    ("recipes", ["erase"]),
]


@pytest.mark.parametrize(("command", "arguments"), WRONG, ids=lambda part: str(part))
def test_wrong_arguments_are_one_line(
    command: str, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*command.split(), *arguments]) == 2
    line = one_line(capsys)
    assert f"'photowave {command} --help'" in line
    assert "  " not in line
    # The last one given is what is wrong, unless something is missing.
    assert "required" in line or "xpected" in line or arguments[-1] in line


@pytest.mark.parametrize("command", ["generate", "export", "info", "pairs make", "pairs check", "recipes"])
def test_help_of_a_command(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as done:
        main([*command.split(), "--help"])
    assert done.value.code == 0
    out, err = capsys.readouterr()
    assert not err
    assert f"usage: photowave {command}" in out


def test_help_explains_every_option(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["generate", "--help"])
    text = " ".join(capsys.readouterr().out.split())
    for name in ("out", "duration_s", "seed", "variation", "temperature", "guidance", "model", "format"):
        assert f"--{name}" in text
    assert "below 1 calmer, above 1 wilder" in text
    assert "Length of each sound in seconds" in text


@pytest.mark.parametrize("command", sorted(extras.COMMANDS))
def test_a_missing_extra_is_told_before_anything_is_imported(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def imported(name: str) -> None:
        pytest.fail(f"{name} was imported")

    monkeypatch.setattr(extras, "find_spec", lambda module: None)
    monkeypatch.setattr("photowave.cli.main.importlib.import_module", imported)
    assert main([command, "--help"]) == 2
    line = one_line(capsys)
    assert line.startswith(f"photowave: 'photowave {command}' needs ")
    assert line.endswith(f"pip install 'photowave[{extras.COMMANDS[command]}]'\n")


def raising(error: BaseException) -> object:
    def run(command: str, arguments: Sequence[str]) -> int:
        raise error

    return run


def test_errors_of_several_lines_become_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(info, "run", raising(ConfigError("first\nsecond\r\nthird")))
    assert main(["info"]) == 2
    assert one_line(capsys) == "photowave: first second third\n"


def test_interruption_is_told_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(info, "run", raising(KeyboardInterrupt()))
    assert main(["info"]) == 130
    assert one_line(capsys) == "photowave: stopped.\n"


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (PermissionError(13, "Permission denied", "/x"), "/x: Permission denied. Make room or mend it"),
        (OSError("no\nroom"), "no room. Make room or mend it"),
        (OSError("Could not load this library: /lib/_torchaudio.so"), "Install both from one place"),
    ],
    ids=str,
)
def test_what_the_system_refuses_is_one_line(
    error: OSError, told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(info, "run", raising(error))
    assert main(["info"]) == 2
    assert told in one_line(capsys)


def test_bugs_are_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(info, "run", raising(ZeroDivisionError()))
    with pytest.raises(ZeroDivisionError):
        main(["info"])


def test_the_process_ends_with_the_code() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "photowave", "nonsense"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1


def test_a_command_that_is_nearly_one_is_guessed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["genrate"]) == 2
    assert "no command 'genrate'. Did you mean 'generate'? Choose from: generate," in capsys.readouterr().err
    assert main(["xyzzy"]) == 2
    assert "no command 'xyzzy'. Choose from:" in capsys.readouterr().err


def test_an_option_that_is_nearly_one_is_guessed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["generate", "a.jpg", "--duration", "3", "--sed=2"]) == 2
    assert "Did you mean '--duration_s'?" in capsys.readouterr().err
    assert main(["pairs", "make", "folder", "--out", "out.csv", "--splits.vall", "0.2"]) == 2
    assert "Did you mean '--splits.val'?" in capsys.readouterr().err


@settings(deadline=None, max_examples=100)
@given(
    name=st.from_regex(r"[a-z]+([-_][a-z]+){0,2}(\.[a-z_-]+)?", fullmatch=True),
    value=st.text(max_size=6).filter(lambda text: not text.startswith("--") and text != "-o"),
)
def test_hyphens_in_names_are_underscores_and_values_stay(name: str, value: str) -> None:
    plain = "--" + name.replace("-", "_")
    assert spelled([f"--{name}", value]) == [plain, value]
    assert spelled([f"--{name}={value}"]) == [f"{plain}={value}"]
    assert spelled(["--", f"--{name}"]) == ["--", f"--{name}"]


def test_short_names() -> None:
    assert spelled(["a-b.jpg", "-o", "my-sounds", "-1"]) == ["a-b.jpg", "--out", "my-sounds", "-1"]


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["recipes"]], ids=str)
def test_nobody_has_to_read_to_the_end(arguments: list[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "photowave", *arguments],
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(writer)
    assert done.stderr == ""
    assert done.returncode == 1
