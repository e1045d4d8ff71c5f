"""Names: both Unicode forms lead to the same file, every name becomes text, and long ones get room."""

import os
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from photowave.names import composed, legible, locate, on_disk, shortened

NFC, NFD = "café", "cafe\N{COMBINING ACUTE ACCENT}"


@pytest.mark.parametrize("lies", [NFC, NFD])
@pytest.mark.parametrize("named", [NFC, NFD])
@pytest.mark.parametrize("folder", [NFC, NFD])
def test_a_file_is_found_in_either_form(lies: str, named: str, folder: str, tmp_path: Path) -> None:
    (tmp_path / folder).mkdir()
    (tmp_path / folder / lies).touch()
    assert locate(tmp_path, f"x/../{named}/{named}").samefile(tmp_path / folder / lies)


def test_of_two_files_the_one_that_is_named_is_meant(tmp_path: Path) -> None:
    for name in (NFC, NFD):
        (tmp_path / name).touch()
        assert locate(tmp_path, name).name == name


@pytest.mark.parametrize("name", ["nothing", NFD, "x" * 300, NFC * 100, "a\0b"])
def test_what_is_not_there_keeps_the_name_it_was_given(name: str, tmp_path: Path) -> None:
    assert locate(tmp_path, name) == tmp_path / name


@given(text=st.text())
def test_text_is_legible_in_one_form(text: str) -> None:
    assert legible(text) == composed(legible(unicodedata.normalize("NFD", text)))
    legible(text).encode("utf-8")


@given(content=st.binary().filter(lambda content: b"\0" not in content))
def test_any_bytes_are_legible(content: bytes) -> None:
    legible(os.fsdecode(content)).encode("utf-8")


@given(stem=st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), max_size=300))
def test_a_short_name_stays_and_a_long_one_gets_room(stem: str) -> None:
    name = shortened(stem)
    long = len(stem.encode()) > 231
    assert len(name.encode()) <= 231
    assert (name != stem) is long


def test_long_names_that_differ_at_their_ends_stay_apart() -> None:
    assert shortened("x" * 300 + "a") != shortened("x" * 300 + "b")


def test_a_locale_without_utf8_changes_neither_what_is_found_nor_what_is_shown(tmp_path: Path) -> None:
    (tmp_path / NFC).touch()
    code = (
        "import pathlib, sys; from photowave.names import legible, locate\n"
        "found = locate(pathlib.Path(sys.argv[1]), 'caf\\u00e9')\n"
        "print(sys.getfilesystemencoding(), found.exists(), ascii(legible(found.name)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        env={**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "ascii True 'caf\\xe9'\n"


def test_text_stays_as_it_is_where_the_system_can_say_it() -> None:
    assert on_disk(NFD) == NFD
