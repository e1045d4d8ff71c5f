"""What the texts show works: commands parse, examples run, links lead somewhere, figures are the measured."""

import importlib.util
import json
import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest
import torch
from tiny_models import save_photo

import photowave
from photowave import checkpoint
from photowave.audio import write_sound
from photowave.cli.completion import subcommands_of
from photowave.cli.main import COMMANDS, main
from photowave.model import Catalogue, Origin

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "scripts" / "docs"
TEXTS = [
    ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "data" / "README.md", ROOT / "CHANGELOG.md",
    ROOT / "photowave" / "pretrained" / "MODEL_CARD.md", *sorted(DOCS.rglob("*.md")),
]  # fmt: skip
_FENCE = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(text: str, language: str) -> list[str]:
    """Contents of the fenced blocks of one language; '' are those without."""
    return [content for name, content in _FENCE.findall(text) if name == language]


def commands() -> Iterator[tuple[str, list[str]]]:
    """Each `photowave ...` line of a block, and each such command inside a sentence: file and words."""
    for path in TEXTS:
        text = path.read_text(encoding="utf-8")
        lines = [line for block in blocks(text, "") for line in block.splitlines()]
        inline = re.findall(r"`(photowave [^`\n]+)`", _FENCE.sub("", text))
        for line in [*lines, *inline]:
            found = re.match(r"(?:\.venv/bin/)?photowave (.+)", line.partition("  #")[0])
            if found:
                yield path.name, shlex.split(found[1])


@cache
def options(command: str) -> frozenset[str]:
    """Options that `photowave COMMAND --help` names."""
    import contextlib
    import io

    shown = io.StringIO()
    with contextlib.redirect_stdout(shown), pytest.raises(SystemExit) as done:
        main([*command.split(), "--help"])
    assert done.value.code == 0
    return frozenset(re.findall(r"(--[\w.]+)", shown.getvalue()))


SHOWN = sorted({(file, tuple(words)) for file, words in commands()})


def test_the_texts_show_commands() -> None:
    assert {words[0] for _, words in SHOWN} >= {"generate", "fit", "test", "export", "info", "pairs", "bench"}


@pytest.mark.parametrize(("file", "words"), SHOWN, ids=[f"{f}: {' '.join(w)}" for f, w in SHOWN])
def test_commands_exist(file: str, words: tuple[str, ...]) -> None:
    if words[0] in ("--help", "--version", "COMMAND"):
        return
    assert words[0] in COMMANDS
    given = {word.partition("=")[0] for word in words[1:] if word.startswith("--")}
    command = " ".join(words[:2]) if subcommands_of(words[0]) else words[0]
    # `--help` does not list itself with every parser.
    assert given - {"--help"} <= options(command)


@pytest.mark.parametrize(
    "path", [p for p in TEXTS if blocks(p.read_text("utf-8"), "python")], ids=lambda p: p.name
)
def test_python_examples_run(
    path: Path, tiny_model_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    loaded = checkpoint.load_model(tiny_model_file)
    origins = tuple(
        Origin(name=f"{place}.wav", place=place, seconds=2.0)
        for place in ("sea_waves", "city_traffic", "thunderstorm", "rain")
    )
    loaded.model.catalogue = Catalogue(recordings=origins, owners=(0, 1, 2, 3) * 16)
    named = tmp_path / "named.safetensors"
    checkpoint.save_model(loaded.model, named, encoder_fingerprint=loaded.encoder_fingerprint)
    monkeypatch.setattr(checkpoint, "default_model_path", lambda: named)
    for number, name in enumerate(("photo.jpg", "a.jpg", "b.jpg")):
        save_photo(tmp_path / name, number)
    noise = 0.1 * torch.randn(20_000, generator=torch.Generator().manual_seed(0))
    write_sound(tmp_path / "brook.wav", noise, 8_000)

    class Heard(Exception):  # noqa: N818
        """One piece of a stream is enough."""

    def play(piece: object) -> None:
        raise Heard

    names: dict[str, object] = {"play": play}
    for block in blocks(path.read_text("utf-8"), "python"):
        try:
            exec(compile(block, path.name, "exec"), names)
        except Heard:
            assert "stream" in block
    assert isinstance(names["model"], photowave.SoundscapeGenerator)


@pytest.mark.parametrize("path", TEXTS, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_lead_somewhere(path: Path) -> None:
    text = _FENCE.sub("", path.read_text("utf-8"))
    targets = [t.partition("#")[0] for t in re.findall(r"\]\(([^)\s]+)\)", text)]
    dead = [t for t in targets if t and not t.startswith("http") and not (path.parent / t).exists()]
    assert dead == []


def test_every_page_is_in_a_table_of_contents() -> None:
    listed = set()
    for index in DOCS.rglob("index.md"):
        for tree in re.findall(r"```\{toctree\}\n(.*?)```", index.read_text("utf-8"), re.DOTALL):
            names = [line for line in tree.split() if not line.startswith(":")]
            listed |= {(index.parent / f"{name}.md").resolve() for name in names}
    assert {p for p in DOCS.rglob("*.md") if p != DOCS / "index.md"} <= listed


def bench_table() -> ModuleType:
    spec = importlib.util.spec_from_file_location("bench_table", DOCS / "bench_table.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_readme_shows_the_measured_figures() -> None:
    module = bench_table()
    text = (ROOT / "README.md").read_text("utf-8")
    table = module.short_table(json.loads(module.FIGURES.read_text("utf-8")))
    start, end = module.MARKS
    shown = text.partition(start)[2].partition(end)[0].strip()
    assert shown == table, "run: python scripts/docs/bench_table.py README.md"


def test_table_is_written_between_the_marks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    module = bench_table()
    file = tmp_path / "text.md"
    file.write_text("\n".join(["before", module.MARKS[0], "old", module.MARKS[1], "after", ""]))
    assert module.main(str(file)) == 0
    once = file.read_text("utf-8")
    assert once.startswith("before\n")
    assert once.endswith("\nafter\n")
    assert "old" not in once
    assert "real" in once or "second" in once
    assert module.main(str(file)) == 0
    assert file.read_text("utf-8") == once
    file.write_text("no marks\n")
    assert module.main(str(file)) == 2
    assert "Put both in" in capsys.readouterr().err
