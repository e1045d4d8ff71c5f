"""What the tests of batches share: photos, a table of them, and the command."""

from collections.abc import Callable
from pathlib import Path

import pytest
from tiny_models import save_photo

from photowave.cli.main import main

ROWS = (
    "photos/0.png,,,",
    "photos/1.png,3,,",
    "photos/broken.jpg,,,",
    "photos/1.png,4,1,",
    "photos/2.png,,,0.3",
    "photos/2.png,-1,,",
    "photos/nope.png,,,",
    "photos/3.png,5,,0.3",
)
"""Those of `table`: five can be drawn; 2, 5 and 6 cannot."""


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A table of photos, some of which cannot be drawn."""
    (tmp_path / "photos").mkdir()
    for number in range(4):
        save_photo(tmp_path / "photos" / f"{number}.png", number)
    (tmp_path / "photos" / "broken.jpg").write_text("no photo")
    path = tmp_path / "photos.csv"
    path.write_text("\n".join(["photo,seed,variation,duration_s", *ROWS, ""]))
    return path


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "sounds"


@pytest.fixture
def run(tiny_model_file: Path, out: Path) -> Callable[..., int]:
    """Call the command with the tiny model, for a fifth of a second unless told otherwise."""

    def call(*arguments: object, **options: object) -> int:
        given = {"out": out, "model": tiny_model_file, "duration_s": 0.2} | options
        flat = [str(part) for name, value in given.items() for part in (f"--{name}", value)]
        return main(["generate", *map(str, arguments), *flat])

    return call
