"""What is built holds what it should, and the wheel alone, with what it requires, is enough to generate."""

import os
import re
import subprocess
import sys
import tarfile
import venv
import zipfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from email.parser import Parser
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from photowave import __version__, extras, recipes
from photowave.cli.main import COMMANDS, main

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "photowave"
PHOTO = ROOT / "data" / "examples" / "sea.jpg"
NOT_NEEDED = [
    "lightning", "matplotlib", "pandas", "prometheus_client", "psutil", "pytest", "skimage", "sklearn",
    "starlette", "tensorboard", "torchvision", "transformers", "uvicorn",
]  # fmt: skip


def build(folder: Path, out: Path, *targets: str) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(out)]
    for target in targets:
        command += ["-t", target]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    build(ROOT, folder, "sdist", "wheel")
    return folder


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    return built / f"photowave-{__version__}-py3-none-any.whl"


def shipped(folder: Path) -> dict[str, bytes]:
    """Files below a folder of the checkout by their path, without what Python leaves there."""
    files = (path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(ROOT).as_posix(): path.read_bytes() for path in files}


def test_the_wheel_holds_the_package_and_its_recipes(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        inside = {name: archive.read(name) for name in archive.namelist() if ".dist-info/" not in name}
    recipe_files = {f"photowave/{name}": content for name, content in shipped(ROOT / "configs").items()}
    assert len(recipe_files) == 6
    expected = shipped(PACKAGE) | recipe_files
    assert sorted(inside) == sorted(expected)
    assert inside == expected
    for name in ("py.typed", "pretrained/default.safetensors", "pretrained/MODEL_CARD.md", "__main__.py"):
        assert f"photowave/{name}" in inside


def test_the_wheel_says_what_it_is(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        inside = f"photowave-{__version__}.dist-info"
        told = Parser().parsestr(archive.read(f"{inside}/METADATA").decode())
        assert archive.read(f"{inside}/licenses/LICENSE") == (ROOT / "LICENSE").read_bytes()
        assert "photowave = photowave.cli.main:main" in archive.read(f"{inside}/entry_points.txt").decode()
    assert told["Version"] == __version__
    assert told["Author"] == "The photowave developers"
    assert told["License-Expression"] == "MIT"
    assert told.get_all("Project-URL")
    versions = {f"Programming Language :: Python :: 3.{minor}" for minor in (11, 12, 13)}
    assert versions <= set(told.get_all("Classifier", []))


def test_the_sdist_holds_what_a_build_and_the_tests_need(built: Path, wheel: Path, tmp_path: Path) -> None:
    with tarfile.open(built / f"photowave-{__version__}.tar.gz") as archive:
        archive.extractall(tmp_path, filter="data")
    (top,) = tmp_path.iterdir()
    there = {path.relative_to(top).as_posix() for path in top.rglob("*") if path.is_file()}
    needed = [*shipped(PACKAGE), *shipped(ROOT / "configs"), *shipped(ROOT / "data" / "examples")]
    needed += [path.relative_to(ROOT).as_posix() for path in (ROOT / "tests").rglob("*.py")]
    needed += ["CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "Makefile", "README.md", "pyproject.toml"]
    needed += [".ci/run", "data/places.csv", "scripts/docs/conf.py", "scripts/notebooks/evaluate.ipynb"]
    assert set(needed) - there == set()
    # What work leaves behind in a checkout stays there.
    left = re.compile(
        r"^(runs|site|build|dist|soundscapes|\.venv|lightning_logs|data/places)/|__pycache__|\.egg-info"
    )
    assert [name for name in sorted(there) if left.search(name)] == []

    build(top, tmp_path / "again", "wheel")
    with zipfile.ZipFile(wheel) as one, zipfile.ZipFile(tmp_path / "again" / wheel.name) as other:
        assert sorted(one.namelist()) == sorted(other.namelist())


def closure(requirements: Sequence[str]) -> dict[str, metadata.Distribution]:
    """Walk from requirements to the installed distributions that they need, extras and markers heeded."""
    found: dict[str, metadata.Distribution] = {}
    seen: set[tuple[str, str]] = set()
    waiting = [(Requirement(text), "") for text in requirements]
    while waiting:
        requirement, extra = waiting.pop()
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": extra}):
            continue
        name = canonicalize_name(requirement.name)
        for wanted in ("", *requirement.extras):
            if (name, wanted) not in seen:
                seen.add((name, wanted))
                found[name] = metadata.distribution(requirement.name)
                waiting += [(Requirement(text), wanted) for text in found[name].requires or []]
    return found


def files_of(distribution: metadata.Distribution) -> Iterator[Path]:
    """Tell the files of a distribution below `site-packages`."""
    for file in distribution.files or []:
        if ".." not in file.parts and file.parts[0] != "__pycache__":
            yield Path(file)


def link(distributions: dict[str, metadata.Distribution], site: Path) -> None:
    """Link distributions into another environment: whole folders where they are theirs alone, else files."""
    owners: dict[str, set[str]] = defaultdict(set)
    for other in metadata.distributions():
        name = canonicalize_name(other.metadata["Name"])
        for top in {file.parts[0] for file in files_of(other)}:
            owners[top].add(name)
    for distribution in distributions.values():
        files = set(files_of(distribution))
        alone = {file.parts[0] for file in files if owners[file.parts[0]] <= distributions.keys()}
        for linked in [*map(Path, alone), *(file for file in files if file.parts[0] not in alone)]:
            target, source = site / linked, Path(str(distribution.locate_file(linked)))
            if source.exists() and not target.is_symlink():
                target.parent.mkdir(parents=True, exist_ok=True)
                target.symlink_to(source.resolve())


class Environment:
    """A fresh environment with a wheel and exactly what it requires, and an empty folder to work in."""

    def __init__(self, folder: Path, wheel: Path) -> None:
        self.folder = folder / "empty"
        self.folder.mkdir()
        venv.create(folder / "environment", symlinks=os.name != "nt")
        scripts = folder / "environment" / ("Scripts" if os.name == "nt" else "bin")
        self.python, self.command = str(scripts / "python"), str(scripts / "photowave")
        site = self.run(
            self.python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"
        ).stdout.strip()
        with zipfile.ZipFile(wheel) as archive:
            told = Parser().parsestr(archive.read(f"photowave-{__version__}.dist-info/METADATA").decode())
        self.requirements = [text for text in told.get_all("Requires-Dist", []) if "extra ==" not in text]
        link(closure(self.requirements), Path(site))
        install = ("install", "--quiet", "--no-deps", "--no-index", str(wheel))
        assert self.pip(*install).returncode == 0

    def pip(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.run(sys.executable, "-m", "pip", "--python", self.python, *arguments)

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        # Nothing of the checkout or of the person may be seen from in there.
        kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}
        return subprocess.run(
            command, cwd=self.folder, env={**kept, "PYTHONNOUSERSITE": "1"},
            capture_output=True, text=True, check=False,
        )  # fmt: skip


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    return Environment(tmp_path_factory.mktemp("install"), wheel)


def test_what_is_required_is_there_and_nothing_else(installed: Environment) -> None:
    assert 0 < len(installed.requirements) <= 12
    checked = installed.pip("check")
    assert checked.returncode == 0, checked.stdout
    code = f"""
import importlib
for name in {NOT_NEEDED}:
    try:
        importlib.import_module(name)
    except ModuleNotFoundError:
        print(name)
"""
    assert installed.run(installed.python, "-c", code).stdout.split() == NOT_NEEDED
    where = installed.run(
        installed.python, "-c", "import photowave; print(photowave.__file__)"
    ).stdout.strip()
    assert not Path(where).resolve().is_relative_to(ROOT)
    assert installed.run(installed.command, "--version").stdout == f"photowave {__version__}\n"


def test_the_wheel_alone_draws_the_same_sound(installed: Environment, tmp_path: Path) -> None:
    drawn = installed.run(installed.python, "-m", "photowave", "generate", str(PHOTO), "--out", "sounds")
    assert drawn.returncode == 0, drawn.stderr
    assert main(["generate", str(PHOTO), "--out", str(tmp_path)]) == 0
    sound = (installed.folder / "sounds" / "sea.wav").read_bytes()
    assert len(sound) > 5 * 2 * 16_000
    assert sound == (tmp_path / "sea.wav").read_bytes()


def test_a_soundscape_shows_itself_without_extras(installed: Environment) -> None:
    silence = "photowave.Soundscape(numpy.zeros(16_000, 'float32'), 16_000)"
    shown = installed.run(installed.python, "-c", f"import numpy, photowave; print({silence}._repr_html_())")
    assert 'alt="spectrogram"' in shown.stdout, shown.stderr


@pytest.mark.parametrize(
    ("command", "extra"),
    [
        ("fit", "train"),
        ("overfit", "train"),
        ("bench", "train"),
        ("evaluate", "evaluate"),
        ("sonify", "evaluate"),
        ("serve", "web"),
        ("gallery", "web"),
    ],
)
def test_a_command_names_the_extra_that_it_needs(command: str, extra: str, installed: Environment) -> None:
    refused = installed.run(installed.command, command)
    assert refused.returncode == 2
    assert not refused.stdout
    assert refused.stderr.startswith(f"photowave: 'photowave {command}' needs ")
    assert refused.stderr.endswith(f" not installed. Install them with: pip install 'photowave[{extra}]'\n")
    assert refused.stderr.count("\n") == 1


@pytest.mark.parametrize("room", ["training", "evaluation", "web"])
def test_a_room_names_the_extra_that_it_needs(room: str, installed: Environment) -> None:
    refused = installed.run(installed.python, "-c", f"import photowave.{room}")
    assert refused.returncode == 1
    last = refused.stderr.splitlines()[-1]
    assert last.startswith(f"photowave.errors.MissingPackageError: photowave.{room} needs ")


def test_the_other_commands_need_no_extra(installed: Environment) -> None:
    others = sorted(COMMANDS.keys() - extras.COMMANDS.keys())
    assert others == ["completion", "export", "generate", "info", "pairs", "recipes"]
    # The last line imports what those import only when they work.
    code = f"""
from photowave.cli.main import main
for command in {others}:
    try:
        main([command, "--help"])
    except SystemExit as done:
        assert done.code == 0
import photowave.checkpoint, photowave.generation.generator, photowave.pairs.manifest, photowave.pairs.table
"""
    done = installed.run(installed.python, "-c", code)
    assert done.returncode == 0, done.stderr


def test_recipes_come_with_it(installed: Environment) -> None:
    listed = installed.run(installed.command, "recipes")
    assert [line.split()[0] for line in listed.stdout.splitlines()] == recipes.names()
    assert installed.run(installed.command, "recipes", "copy", "scenes", "my.yaml").returncode == 0
    assert (installed.folder / "my.yaml").read_bytes() == (ROOT / "configs" / "scenes.yaml").read_bytes()
