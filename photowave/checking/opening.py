"""Opens what shall be checked, manifest or folder, as a table in which no row is refused."""

from dataclasses import replace
from pathlib import Path

from photowave.checking.findings import Finding, finding
from photowave.errors import PairError
from photowave.pairs.dealing import deal
from photowave.pairs.layouts import is_by_place, stem_rows
from photowave.pairs.listing import Line, Table, read_table
from photowave.pairs.rows import columns_for, row_cells
from photowave.pairs.table import list_scenes, split_scenes
from photowave.settings import SplitSettings


def open_table(pairs: str | Path, splits: SplitSettings) -> tuple[Table, list[Finding]]:
    """Read a manifest, or list a folder: by place, or photos and sounds of equal names.

    Args:
        pairs: The manifest or the folder.
        splits: For a folder.

    Returns:
        The rows; of a folder they have the lines that its manifest would give them. And what the layout
        itself tells.

    Raises:
        PairError: There is nothing to check.
    """
    path = Path(pairs)
    if not path.is_dir():
        return read_table(path), []
    findings: list[Finding] = []
    root = path.absolute()
    if is_by_place(root):
        files, lacking = list_scenes(root)
        findings += [
            finding("place without partner", f"nothing in {name}", file=root / name) for name in lacking
        ]
        rows = split_scenes(root, files, splits)
    else:
        found = stem_rows(root, root)
        rows = deal(found.rows, splits, root=root)
    if not rows:
        raise PairError(f"{path} holds no photos and no sounds. Name another folder, or a manifest.")
    rows = [replace(row, line=n) for n, row in enumerate(rows, 2)]
    columns = columns_for(rows)
    return Table(
        path,
        columns,
        tuple(Line(row.line, tuple(row_cells(row, columns, root)), row) for row in rows),
    ), findings
