"""VGGSound: `vggsound.csv` without header (YouTube id, start in seconds, label, split), and the clips.

They are called `<id>_<start>.mp4`, with six digits for the start. Instead of a video there may be a frame and
a sound of that name, in any folder.
"""

from pathlib import Path

from photowave.pairs.published.entries import Entry, Found, LeftOut
from photowave.pairs.published.listing import files_by_stem, find_list, read_table, whole_number
from photowave.pairs.splits import Split

_SPLITS: dict[str, Split] = {"train": "train", "test": "test"}


def read(folder: Path) -> Found:
    """List the clips of the set."""
    table = find_list(folder, "vggsound.csv", "data/vggsound.csv")
    files = files_by_stem(folder)
    for row in read_table(table, ("id", "start", "label", "split"), header=False):
        if isinstance(row, LeftOut):
            yield row
            continue
        video, start, split = row["id"], whole_number(row["start"]), row["split"]
        if start is None or split not in _SPLITS:
            yield LeftOut(video, f"start '{row['start']}' or split '{split}' is none that the set knows")
            continue
        stem = f"{video}_{start:06d}"
        there = files.get(stem, {})
        taken = "photo" in there and "sound" in there
        yield Entry(
            name=stem,
            labels=(row["label"],),
            photo=there.get("photo"),
            sound=there.get("sound"),
            # Where nothing is found, this is the name that is told as missing.
            video=None if taken else there.get("video", folder / f"{stem}.mp4"),
            split=_SPLITS[split],
            keys=frozenset({f"video {video}"}),
            source=f"https://www.youtube.com/watch?v={video}",
        )
