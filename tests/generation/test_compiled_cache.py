"""Numba renews what it keeps on disk when the file of a function changes: those that call share one."""

import re
from pathlib import Path

import photowave

PACKAGE = Path(photowave.__file__).parent


def test_compiled_functions_stand_in_one_file_or_alone() -> None:
    texts = {path.name: path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py")}
    using = {name: text.count("@numba") for name, text in texts.items() if "@numba" in text}
    del using["kernel.py"]
    assert using == {"turning_down.py": 1}


def test_compiled_functions_depend_on_no_other_room() -> None:
    for name in ("kernel.py", "turning_down.py"):
        text = (PACKAGE / "generation" / name).read_text(encoding="utf-8")
        assert not re.findall(r"^(?:from|import) photowave", text, re.MULTILINE)
