"""What the documentation shows of the default model is drawn when it is built, and so never out of date."""

import contextlib
import io
import os
import shlex
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.parsers.rst import Directive
from PIL import Image, ImageDraw

from photowave.cli.main import main

EXAMPLES = Path(__file__).resolve().parents[2] / "data" / "examples"
PLAYED = ("forest", "sea", "river", "rain", "city", "storm", "dusk", "snow")
"""Example photos whose sounds can be played in the documentation."""
PAGE = "listen.html"


class Transcript(Directive):
    """`transcript` runs the commands in it, one after the other in one folder, and shows what they answer."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """Run them in a folder that holds the example photos and a drawing."""
        lines: list[str] = []
        with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
            shutil.copytree(EXAMPLES, "examples", ignore=shutil.ignore_patterns("*.csv"))
            _draw_house(Path("house.png"))
            for command in self.content:
                lines += [f"$ {command}", *_answer(command), ""]
        shown = "\n".join(lines).rstrip()
        return [nodes.literal_block(shown, shown, language="console")]


def _answer(command: str) -> Iterator[str]:
    """What a command writes, standard error after standard output, and its exit code if that is not 0."""
    program, *arguments = shlex.split(command)
    assert program == "photowave", command
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(arguments)
    yield from out.getvalue().splitlines()
    yield from err.getvalue().splitlines()
    if code:
        yield f"(exit code {code})"


def _draw_house(path: Path) -> None:
    """A child's drawing, which is a photo of no place."""
    picture = Image.new("RGB", (320, 240), "white")
    pen = ImageDraw.Draw(picture)
    pen.rectangle((90, 110, 230, 210), fill="yellow", outline="black", width=3)
    pen.polygon(((80, 110), (160, 50), (240, 110)), fill="red", outline="black")
    picture.save(path)


def draw_page(app: Any) -> None:
    """Draw the page with players beside the documentation; Sphinx calls this when it begins."""
    folder = Path(app.outdir)
    folder.mkdir(parents=True, exist_ok=True)
    photos = [str(EXAMPLES / f"{name}.jpg") for name in PLAYED]
    with tempfile.TemporaryDirectory() as sounds, Path(os.devnull).open("w") as nowhere:
        arguments = ["--out", sounds, "--format", "mp3", "--html", str(folder / PAGE), "--overwrite"]
        with contextlib.redirect_stdout(nowhere), contextlib.redirect_stderr(nowhere):
            code = main(["generate", *photos, *arguments])
    if code:
        raise RuntimeError(f"the example photos could not be drawn (exit code {code})")


def setup(app: Any) -> None:
    """Make the directive known and the page drawn; Sphinx calls this."""
    app.add_directive("transcript", Transcript)
    app.connect("builder-inited", draw_page)
