"""FSD50K: sounds in `FSD50K.dev_audio/` and `FSD50K.eval_audio/`, labels in `FSD50K.ground_truth/`.

`dev.csv` has fname, labels (with commas between them, up to the root of the ontology), mids and split;
`eval.csv` the first three. `FSD50K.metadata/*_clips_info_FSD50K.json`, if it is there, says licence and
author of each clip. Add a folder of photos by place.
"""

import json
from pathlib import Path
from typing import Any

from photowave.errors import PairError
from photowave.pairs.published.entries import Entry, Found, LeftOut
from photowave.pairs.published.listing import find_list, read_table
from photowave.pairs.splits import Split

_TRUTH = "FSD50K.ground_truth"
_SPLITS: dict[str, Split] = {"train": "train", "val": "val"}


def read(folder: Path) -> Found:
    """List the sounds of the set."""
    root = find_list(folder, f"{_TRUTH}/dev.csv", f"{_TRUTH}/eval.csv").parent.parent
    for part in ("dev", "eval"):
        if not (table := root / _TRUTH / f"{part}.csv").is_file():
            continue
        infos = _infos(root / "FSD50K.metadata" / f"{part}_clips_info_FSD50K.json")
        columns = ("fname", "labels", "split") if part == "dev" else ("fname", "labels")
        for row in read_table(table, columns):
            if isinstance(row, LeftOut):
                yield row
                continue
            name, split = row["fname"], _SPLITS.get(row.get("split", "")) if part == "dev" else "test"
            if split is None:
                yield LeftOut(name, f"split '{row['split']}' is not train or val")
                continue
            info = infos.get(name)
            told = info if isinstance(info, dict) else {}
            yield Entry(
                name=f"{part}/{name}",
                labels=tuple(label.strip() for label in row["labels"].split(",")),
                sound=root / f"FSD50K.{part}_audio" / f"{name}.wav",
                split=split,
                licence=" ".join(str(told.get("license", "")).split()),
                author=" ".join(str(told.get("uploader", "")).split()),
                source=f"FSD50K, Freesound {name}",
            )


def _infos(path: Path) -> dict[str, Any]:
    """What is told of each clip by its name; nothing where the file is not there."""
    if not path.is_file():
        return {}
    try:
        tree = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise PairError(f"{path} cannot be read as JSON ({error}). Unpack it anew, or remove it.") from error
    return tree if isinstance(tree, dict) else {}
