"""The package as a whole: one version, complete contents, small files, names that explain themselves."""

import importlib
import inspect
import pkgutil
import re
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest

import photowave

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "photowave"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
MODULES = sorted(m.name for m in pkgutil.walk_packages([str(PACKAGE)], "photowave."))


def test_one_version() -> None:
    from photowave._version import __version__

    assert photowave.__version__ == __version__
    assert PROJECT["tool"]["hatch"]["version"]["path"] == "photowave/_version.py"
    newest = re.search(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert newest is not None
    assert newest[1] == __version__
    if "photowave" in metadata.packages_distributions():
        assert metadata.version("photowave") == __version__


def test_every_folder_with_code_is_a_room() -> None:
    folders = {path.parent for path in PACKAGE.rglob("*.py")}
    assert [folder for folder in folders if not (folder / "__init__.py").is_file()] == []


def test_no_file_is_too_long() -> None:
    lengths = {path.relative_to(ROOT): len(path.read_text().splitlines()) for path in PACKAGE.rglob("*.py")}
    assert {path: length for path, length in lengths.items() if length > 400} == {}


def test_importing_loads_no_torch() -> None:
    heavy = ("torch", "numba", "numpy", "lightning", "jsonargparse")
    code = f"import sys, photowave; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"


def test_help_loads_no_torch() -> None:
    code = (
        "import sys; from photowave.cli.main import main; main(['--help']); sys.exit('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False, cwd=ROOT)
    assert done.returncode == 0


def test_generating_requires_few_packages() -> None:
    assert len(PROJECT["project"]["dependencies"]) <= 12


def test_makefile_has_what_the_texts_promise() -> None:
    targets = set(re.findall(r"^([a-z]+):.*##", (ROOT / "Makefile").read_text(), re.MULTILINE))
    promised = {
        name
        for file in ("README.md", "CONTRIBUTING.md", ".ci/run")
        for name in re.findall(r"(?:^|`)make ([a-z]+)", (ROOT / file).read_text(), re.MULTILINE)
    }
    assert promised >= {"demo", "test"}
    assert promised <= targets


def test_rooms_stand_in_the_layers() -> None:
    layers = PROJECT["tool"]["importlinter"]["contracts"][0]["layers"]
    named = {name.strip() for layer in layers for name in layer.split("|")}
    # What stands in parentheses may be missing.
    needed = {name for name in named if not name.startswith("(")}
    there = {f"photowave.{m.name}" for m in pkgutil.iter_modules([str(PACKAGE)])}
    assert needed <= there <= {name.strip("()") for name in named}


def test_python_m_is_the_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "photowave", "--version"], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout == f"photowave {photowave.__version__}\n"


@pytest.mark.parametrize("name", MODULES)
def test_public_names_explain_themselves(name: str) -> None:
    module = importlib.import_module(name)
    assert inspect.getdoc(module), f"{name} does not say what it is for"
    silent = []
    for public in getattr(module, "__all__", []):
        thing = getattr(module, public)
        if not (inspect.isclass(thing) or inspect.isroutine(thing)):
            continue
        doc = thing.__doc__ or ""
        # A dataclass without a docstring gets its signature as one.
        if not doc.strip() or doc.startswith(f"{public}("):
            silent.append(public)
    assert silent == []
