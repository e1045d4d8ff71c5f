"""The notebooks run from end to end on tiny data, show what they promise, and are kept without outputs."""

import os
import re
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from tiny_models import save_photo
from tiny_scenes import RATE, write_tiny_scenes

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "scripts" / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
EXPECTED = {"evaluate.ipynb", "train_and_listen.ipynb"}


def read(path: Path) -> Any:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    return notebook


def parameters_of(notebook: Any) -> Any:
    """The one cell with the tag `parameters`."""
    (cell,) = [c for c in notebook.cells if "parameters" in c.metadata.get("tags", [])]
    return cell


def test_the_notebooks_are_there() -> None:
    assert {path.name for path in NOTEBOOKS} == EXPECTED


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_kept_without_outputs_and_places(path: Path) -> None:
    notebook = read(path)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.id for cell in cells if cell.outputs or cell.execution_count is not None] == []
    assert set(notebook.metadata) == {"kernelspec", "language_info"}
    assert all(set(cell.metadata) <= {"tags"} for cell in notebook.cells)
    # Paths stand among the parameters only, and none is absolute.
    for cell in cells:
        paths = re.findall(r"[\"']([^\"'\s{}]*/[^\"'\s{}]*)[\"']", cell.source)
        metrics = {name for name in paths if name.startswith(("train/", "val/"))}
        assert cell is parameters_of(notebook) or set(paths) == metrics
        assert not [name for name in paths if name.startswith(("/", "~"))]


def run(name: str, folder: Path, parameters: dict[str, Any]) -> Any:
    """Execute a notebook in a folder, its parameters replaced.

    The new cell sets the same names as the old one, so that a parameter that is renamed or added is noticed.
    """
    notebook = read(FOLDER / name)
    cell = parameters_of(notebook)
    assert set(re.findall(r"^(\w+) = ", cell.source, re.MULTILINE)) == set(parameters)
    cell.source = "\n".join(f"{name} = {value!r}" for name, value in parameters.items())
    client = NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    )
    client.execute()
    return notebook


@pytest.fixture
def kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to run in: this package in the kernel, caches apart, two photos."""
    places = [str(ROOT), os.environ.get("PYTHONPATH", "")]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, places)))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("PYDEVD_DISABLE_FILE_VALIDATION", "1")
    # A kernel that is run for tests must not take more cores than it is given.
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    (tmp_path / "photos").mkdir()
    for number in range(2):
        save_photo(tmp_path / "photos" / f"photo{number}.png", number)
    return tmp_path


def outputs(notebook: Any, cell_id: str) -> list[dict[str, Any]]:
    """What a cell showed, by media type."""
    (cell,) = [c for c in notebook.cells if c.id == cell_id]
    return [output.data for output in cell.outputs if "data" in output]


def check_all_ran(notebook: Any) -> None:
    """Every cell ran, and none failed."""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert cell.execution_count is not None, cell.id
            assert [o for o in cell.outputs if o.output_type == "error"] == [], cell.id


def players(shown: list[dict[str, Any]]) -> int:
    """Audio players among the outputs."""
    return sum(data.get("text/html", "").count("<audio controls") for data in shown)


def frames(shown: list[dict[str, Any]]) -> int:
    """DataFrames among the outputs."""
    return sum("<table" in data.get("text/html", "") for data in shown)


@pytest.mark.slow
def test_evaluate(kernel: Path, tiny_model_file: Path) -> None:
    manifest = write_tiny_scenes(kernel)
    notebook = run(
        "evaluate.ipynb",
        kernel,
        {
            "MODEL": str(tiny_model_file),
            "PHOTOS": "photos",
            "PAIRS": manifest.name,
            "SPLIT": "train",
            "PHOTOS_PER_SCENE": 2,
            "SEEDS": 2,
            "DURATION_S": 1.0,
            "TEMPERATURES": [0.5, 1.0],
            "GUIDANCES": [1.0, 2.0],
            "OUT": "evaluation",
        },
    )
    check_all_ran(notebook)
    heard = {name: players(outputs(notebook, name)) for name in ("listen", "photos", "seeds")}
    # The last cell shows a take for each seed, and another variation.
    assert heard == {"listen": 1, "photos": 2, "seeds": 3}
    assert players(outputs(notebook, "temperature")) == players(outputs(notebook, "guidance")) == 2
    shown = {name: frames(outputs(notebook, name)) for name in ("evaluate", "frame", "table", "read")}
    assert shown == {"evaluate": 1, "frame": 1, "table": 1, "read": 1}
    assert frames(outputs(notebook, "definitions")) == 1
    assert "image/png" in outputs(notebook, "plots")[0]
    assert (kernel / "evaluation" / "report.html").stat().st_size > 10_000


@pytest.mark.slow
def test_train_and_listen(kernel: Path) -> None:
    manifest = write_tiny_scenes(kernel)
    notebook = run(
        "train_and_listen.ipynb",
        kernel,
        {
            "PAIRS": manifest.name,
            "PHOTOS": "photos",
            "OUT": "out",
            "MINUTES": 0.05,
            "RECORDINGS_PER_SCENE": 2,
            "PHOTOS_PER_SCENE": 2,
            "SAMPLE_RATE": RATE,
            "DILATIONS": (1, 2, 4, 8),
            "CLIP_S": 0.1,
            "CLIPS_PER_EPOCH": 4,
            "SEEDS": [0, 1],
            "DURATION_S": 0.5,
        },
    )
    check_all_ran(notebook)
    assert frames(outputs(notebook, "pairs")) == frames(outputs(notebook, "scores")) == 1
    assert "image/png" in outputs(notebook, "curve")[0]
    assert players(outputs(notebook, "save")) == 2 * 2
    assert players(outputs(notebook, "compare")) == 2
    assert "photo_swap_gain" in outputs(notebook, "scores")[0]["text/plain"]
    assert (kernel / "out" / "model.safetensors").is_file()
