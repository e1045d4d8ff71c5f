"""AVE: lines `category&video&quality&start&end` in `Annotations.txt`, and videos `AVE/<video>.mp4`.

`trainSet.txt`, `valSet.txt` and `testSet.txt` hold the same lines by split. A video may have several events.
"""

from pathlib import Path

from photowave.pairs.published.entries import Entry, Found, LeftOut
from photowave.pairs.published.listing import files_by_stem, find_list, read_table, whole_number
from photowave.pairs.splits import SPLITS, Split

_COLUMNS = ("category", "video", "quality", "start", "end")


def read(folder: Path) -> Found:
    """List the events of the set."""
    table = find_list(folder, "Annotations.txt", "data/Annotations.txt")
    sides: dict[tuple[str, str], Split] = {}
    for split in SPLITS:
        if (part := table.parent / f"{split}Set.txt").is_file():
            rows = read_table(part, _COLUMNS, header=False, delimiter="&")
            sides |= {(row["category"], row["video"]): split for row in rows if not isinstance(row, LeftOut)}
    files = files_by_stem(folder)
    for row in read_table(table, _COLUMNS, header=False, delimiter="&"):
        if isinstance(row, LeftOut):
            yield row
            continue
        if (row["category"], row["start"]) == ("Category", "StartTime"):
            continue  # some copies have a line of names
        video, start, end = row["video"], whole_number(row["start"]), whole_number(row["end"])
        name = f"{video} {row['start']}-{row['end']} s"
        if start is None or end is None or start >= end:
            yield LeftOut(name, "the event has no length")
            continue
        yield Entry(
            name=name,
            labels=(row["category"],),
            video=files.get(video, {}).get("video", folder / "AVE" / f"{video}.mp4"),
            start_s=float(start),
            duration_s=float(end - start),
            split=sides.get((row["category"], video)),
            keys=frozenset({f"video {video}"}),
            source=f"https://www.youtube.com/watch?v={video}",
        )
