"""TAU Urban Audio-Visual Scenes 2021, development set: `meta.csv` and `evaluation_setup/`, tab-separated.

`meta.csv` names for each clip `audio/<name>.wav`, `video/<name>.mp4`, its scene and the identifier of the
location; ten seconds each, several of one location. `fold1_train.csv`, `fold1_test.csv` and
`fold1_evaluate.csv` (the latter with labels) name the clips of each side.
"""

from pathlib import Path

from photowave.pairs.published.entries import Entry, Found, LeftOut
from photowave.pairs.published.listing import find_list, read_table
from photowave.pairs.splits import Split

_FOLDS: tuple[tuple[str, Split], ...] = (
    ("fold1_train.csv", "train"),
    ("fold1_test.csv", "test"),
    ("fold1_evaluate.csv", "test"),
)


def read(folder: Path) -> Found:
    """List the clips of the set."""
    meta = find_list(folder, "meta.csv")
    # The lists may lie in a folder of their own beside `audio` and `video`.
    root = meta.parent if (meta.parent / "audio").is_dir() else folder
    sides: dict[str, Split] = {}
    for name, split in _FOLDS:
        if (fold := meta.parent / "evaluation_setup" / name).is_file():
            rows = read_table(fold, ("filename_audio",), delimiter="\t")
            sides |= {row["filename_audio"]: split for row in rows if not isinstance(row, LeftOut)}
    columns = ("filename_audio", "filename_video", "scene_label", "identifier")
    for row in read_table(meta, columns, delimiter="\t"):
        if isinstance(row, LeftOut):
            yield row
            continue
        audio, scene = row["filename_audio"], row["scene_label"]
        yield Entry(
            name=Path(audio).stem,
            labels=(scene,),
            sound=root / audio,
            video=root / row["filename_video"],
            split=sides.get(audio),
            keys=frozenset({f"location {scene} {row['identifier']}"}),
        )
