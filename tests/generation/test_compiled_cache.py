"""Numba renews what it keeps on disk when the file of a function changes: those that call share one."""

import re
from pathlib import Path

import pytest

import photowave

PACKAGE = Path(photowave.__file__).parent
COMPILED = [path for path in sorted(PACKAGE.rglob("*.py")) if "@numba" in path.read_text(encoding="utf-8")]


def test_files_with_compiled_functions_are_found() -> None:
    assert {"kernel.py", "spectral_kernel.py", "turning_down.py"} <= {path.name for path in COMPILED}


@pytest.mark.parametrize("path", COMPILED, ids=lambda path: path.name)
def test_compiled_functions_depend_on_no_other_file(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.findall(r"^\s*(?:from|import) (?:photowave|\.)", text, re.MULTILINE)
