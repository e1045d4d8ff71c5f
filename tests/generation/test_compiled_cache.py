"""Numba renews what it keeps on disk when a function's own file changes: all functions share one."""

import re
from pathlib import Path

import photowave

PACKAGE = Path(photowave.__file__).parent


def test_compiled_functions_stand_in_one_file() -> None:
    using = [path.name for path in PACKAGE.rglob("*.py") if "@numba" in path.read_text(encoding="utf-8")]
    assert using == ["kernel.py"]


def test_compiled_functions_depend_on_no_other_room() -> None:
    text = (PACKAGE / "generation" / "kernel.py").read_text(encoding="utf-8")
    assert not re.findall(r"^(?:from|import) photowave", text, re.MULTILINE)
