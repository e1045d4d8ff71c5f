"""The documentation shows the notebooks as they are, each cell with what it gave, small enough to keep."""

import base64
import importlib.util
import io
import re
from pathlib import Path
from types import ModuleType

import nbformat
import numpy as np
import pytest
import soundfile
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

ROOT = Path(__file__).resolve().parents[2]
PAGES = ROOT / "scripts" / "docs" / "notebooks"
NOTEBOOKS = sorted((ROOT / "scripts" / "notebooks").glob("*.ipynb"))


@pytest.fixture(scope="module")
def module() -> ModuleType:
    spec = importlib.util.spec_from_file_location("run_notebooks", PAGES.parent / "run_notebooks.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_each_page_shows_its_notebook_as_it_is(path: Path) -> None:
    page = (PAGES / f"{path.stem}.md").read_text(encoding="utf-8")
    notebook = nbformat.read(path, as_version=4)
    shown = [cell for cell in notebook.cells if "parameters" not in cell.metadata.get("tags", [])]
    missing = [cell.id for cell in shown if cell.source not in page]
    assert missing == [], "run: python scripts/docs/run_notebooks.py PLACES"
    assert page.count("<audio controls") >= 2
    assert "Traceback" not in page
    assert len(page) < 3_000_000


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_parameters_of_the_page_are_those_of_the_notebook(path: Path, module: ModuleType) -> None:
    notebook = nbformat.read(path, as_version=4)
    (cell,) = [c for c in notebook.cells if "parameters" in c.metadata.get("tags", [])]
    assert set(re.findall(r"^(\w+) = ", cell.source, re.MULTILINE)) == set(module.PARAMETERS[path.stem])


def test_a_page_holds_text_code_and_what_it_gave(module: ModuleType) -> None:
    buffer = io.BytesIO()
    soundfile.write(buffer, np.random.default_rng(0).normal(0, 0.1, (8_000, 2)), 8_000, format="FLAC")
    player = f'<audio src="data:audio/flac;base64,{base64.b64encode(buffer.getvalue()).decode()}"></audio>'
    outputs = [
        new_output("stream", text="one\n"),
        new_output("stream", text="\x1b[1mtwo\x1b[0m\n"),
        new_output("display_data", {"text/html": player, "text/plain": "a sound"}),
    ]
    cells = [new_markdown_cell("# Title"), new_code_cell("f(`x`)", outputs=outputs), new_code_cell("quiet()")]
    page = module.page(new_notebook(cells=cells), "evaluate")
    assert page.startswith("# Title\n\n```{note}\n{download}`")
    assert "````py\nf(`x`)\n````\n\n````text\none\ntwo\n````\n\n````{raw} html\n<audio" in page
    assert page.endswith("````py\nquiet()\n````\n")
    (sound,) = re.findall(r"data:audio/ogg;base64,([^\"]+)", page)
    samples, rate = soundfile.read(io.BytesIO(base64.b64decode(sound)))
    assert (len(samples), rate) == (8_000, 8_000)
    assert len(sound) < len(player) / 2
