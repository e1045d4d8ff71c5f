"""What only some commands need: the table is that of the project file, and the message is one line."""

import re
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from photowave import extras
from photowave.cli.main import COMMANDS
from photowave.errors import PhotowaveError

ROOT = Path(__file__).resolve().parent.parent
DECLARED = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def name(requirement: str) -> str:
    found = re.match(r"[\w-]+", requirement)
    assert found is not None
    return found[0]


@pytest.mark.parametrize("extra", sorted(extras.PACKAGES))
def test_packages_are_those_of_the_project_file(extra: str) -> None:
    declared = [name(requirement) for requirement in DECLARED["optional-dependencies"][extra]]
    assert sorted(extras.PACKAGES[extra]) == sorted(declared)


def test_modules_belong_to_their_packages() -> None:
    owners = metadata.packages_distributions()
    pairs = {pair for packages in extras.PACKAGES.values() for pair in packages.items()}
    there = {(package, module) for package, module in pairs if module in owners}
    assert len(there) >= 8
    assert [pair for pair in sorted(there) if pair[0] not in map(canonicalize_name, owners[pair[1]])] == []


def test_all_holds_every_extra() -> None:
    (inside,) = DECLARED["optional-dependencies"]["all"]
    held = set(re.findall(r"[a-z]+", inside.partition("[")[2]))
    assert held == set(DECLARED["optional-dependencies"]) - {"all", "dev"}


def test_what_is_always_there_is_in_no_extra() -> None:
    always = {name(requirement) for requirement in DECLARED["dependencies"]}
    assert not any(always & packages.keys() for packages in extras.PACKAGES.values())


def test_commands_and_extras_exist() -> None:
    assert extras.COMMANDS.keys() <= COMMANDS.keys()
    assert set(extras.COMMANDS.values()) <= extras.PACKAGES.keys()


def test_nothing_is_said_where_all_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda module: object())
    for extra in extras.PACKAGES:
        extras.require(extra, "this test")


@pytest.mark.parametrize(
    ("missing", "told"),
    [
        ({"lightning"}, "needs lightning, which is not installed. Install it with:"),
        ({"psutil", "sklearn"}, "needs psutil and scikit-learn, which are not installed. Install them with:"),
        (
            {"psutil", "sklearn", "lightning"},
            "needs lightning, psutil and scikit-learn, which are not installed. Install them with:",
        ),
    ],
    ids=["one", "two", "three"],
)
def test_what_is_missing_is_named(missing: set[str], told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda module: None if module in missing else object())
    with pytest.raises(PhotowaveError) as refused:
        extras.require("train", "'photowave fit'")
    assert str(refused.value) == f"'photowave fit' {told} pip install 'photowave[train]'"
    # Code that can do without catches what it would have caught from the import itself.
    assert isinstance(refused.value, ImportError)
