"""Makes a manifest of whatever a collection looks like."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, get_args

from photowave import extras
from photowave.audio import SOUND_SUFFIXES
from photowave.errors import MediaError, PairError
from photowave.pairs.dealing import deal
from photowave.pairs.labels import read_labels
from photowave.pairs.layouts import Found, files_in, is_by_place, label_rows, stem_rows
from photowave.pairs.listing import read_table, write_table
from photowave.pairs.manifest import write_manifest
from photowave.pairs.rows import Row
from photowave.pairs.table import scene_table
from photowave.pairs.videos import VIDEO_SUFFIXES, cut_video, remove_stale
from photowave.settings import SplitSettings

Layout = Literal["places", "stems", "labels", "videos", "table"]


@dataclass(frozen=True)
class Made:
    """What was written."""

    rows: list[Row]
    left_out: list[str]
    """Each file that is in no row, and why."""
    failed: list[str]
    """Each video that cannot be used, and why."""
    exact: bool = False
    """Whether each place got its exact shares of the splits."""


def guess_layout(source: Path, sounds: Path | None, labels: Path | None) -> Layout:
    """Tell from what is given, and from what lies there, how a collection is laid out."""
    if source.suffix.lower() == ".csv":
        return "table"
    if sounds is not None:
        return "stems" if labels is None else "labels"
    if is_by_place(source):
        return "places"
    if files_in(source, VIDEO_SUFFIXES) and not files_in(source, SOUND_SUFFIXES):
        return "videos"
    return "stems"


def make_pairs(
    source: Path,
    out: Path,
    *,
    sounds: Path | None = None,
    layout: Layout | None = None,
    labels: Path | None = None,
    group: str | None = None,
    stable: bool | None = None,
    excerpt_s: float = 10.0,
    excerpts: Path | None = None,
    splits: SplitSettings | None = None,
    progress: Callable[[Sequence[Path]], Iterable[Path]] = iter,
) -> Made:
    """Write a manifest for a collection.

    Args:
        source: The folder of it, or of its photos; or a table whose rows shall be dealt to the splits anew.
        out: The manifest; it appears only when it is complete.
        sounds: The folder of sounds, if it is another.
        layout: How it is laid out; None guesses.
        labels: The map from labels to places.
        group: Column of a table: rows with the same entry stay in one split.
        stable: Whether new files must not move old ones; None: only where places need no exact shares.
        excerpt_s: Length of the excerpts of videos, in seconds.
        excerpts: Where these go; None: a folder beside the manifest.
        splits: Seed and shares.
        progress: Shows how far the videos are.

    Raises:
        PairError: The collection cannot be used, or the manifest cannot be written.
        MissingPackageError: Videos need PyAV, which is not installed.
    """
    splits = splits or SplitSettings()
    layout = layout or guess_layout(source, sounds, labels)
    _refuse_what_does_not_fit(layout, sounds=sounds, labels=labels, group=group)
    if layout == "table":
        return _deal_table(source, out, group, splits, stable is not False)
    failed: list[str] = []
    if layout == "places":
        rows = scene_table(source, splits)
        found = Found(deal(rows, splits, root=source.absolute()) if stable else rows, [])
        write_manifest(out, found.rows)
        return Made(found.rows, [], [], exact=not stable)
    if layout == "stems":
        found = stem_rows(source, sounds or source)
    elif layout == "labels":
        assert sounds is not None
        assert labels is not None
        found = label_rows(source, sounds, read_labels(labels))
    else:
        folder = excerpts or out.with_name(f"{out.stem}_excerpts")
        found, failed = _cut_videos(source, folder, excerpt_s, progress)
        source = folder
    dealt = deal(found.rows, splits, root=source.absolute(), stable=stable is not False)
    write_manifest(out, dealt)
    return Made(dealt, found.left_out, failed)


def _refuse_what_does_not_fit(
    layout: Layout, *, sounds: Path | None, labels: Path | None, group: str | None
) -> None:
    checks = [
        (layout not in get_args(Layout), f"layout={layout}: must be one of {', '.join(get_args(Layout))}."),
        (layout == "labels" and sounds is None, "layout=labels: needs two folders, of photos and of sounds."),
        (layout == "labels" and labels is None, "layout=labels: needs --labels MAP.csv."),
        (
            layout != "labels" and labels is not None,
            f"labels={labels}: only two folders by label have one, not the layout {layout}. Leave it out.",
        ),
        (
            layout not in ("labels", "stems") and sounds is not None,
            f"{sounds}: a second folder does not go with the layout {layout}. Leave it out.",
        ),
        (
            layout != "table" and group is not None,
            f"group={group}: only a table has columns. Make the manifest first and add the column to it.",
        ),
    ]
    for holds, text in checks:
        if holds:
            raise PairError(text)


def _deal_table(source: Path, out: Path, group: str | None, splits: SplitSettings, stable: bool) -> Made:
    """Deal the rows of a table to the splits; its other columns stay."""
    table = read_table(source, needs_split=False)
    bad = [f"line {line.number}: {text.rstrip('.')}" for line in table.lines for text in line.faults]
    if bad:
        raise PairError(
            f"{source}: {'; '.join(bad)}. Mend the rows, or keep the good ones: "
            f"photowave pairs check {source} --fix OUT.csv"
        )
    if group is not None and group not in table.header:
        raise PairError(
            f"{source} has no column '{group}'; present are: {', '.join(table.header)}. Name one."
        )
    at = None if group is None else table.header.index(group)
    groups = None if at is None else [line.cells[at].strip() for line in table.lines]
    dealt = deal(table.rows, splits, root=source.parent.absolute(), groups=groups, stable=stable)
    header = [*table.header, *([] if "split" in table.header else ["split"])]
    write_table(out, header, ((row, line.cells) for row, line in zip(dealt, table.lines, strict=True)))
    return Made(dealt, [], [])


def _cut_videos(
    source: Path, folder: Path, excerpt_s: float, progress: Callable[[Sequence[Path]], Iterable[Path]]
) -> tuple[Found, list[str]]:
    extras.require("video", "making pairs of videos")
    inside = folder.absolute()
    videos = [path for path in files_in(source, VIDEO_SUFFIXES) if inside not in path.absolute().parents]
    if not videos:
        raise PairError(
            f"{source} holds no videos ({', '.join(sorted(VIDEO_SUFFIXES))}). Name another folder."
        )
    rows: dict[tuple[Path | None, Path | None], Row] = {}
    failed = []
    for video in progress(videos):
        place = video.relative_to(source).parts[0] if video.parent != source else None
        try:
            for row in cut_video(video, folder, excerpt_s=excerpt_s):
                # A copy of a video has the same excerpts: once is enough.
                rows.setdefault((row.photo, row.sound), replace(row, scene=place))
        except MediaError as error:
            failed.append(str(error))
    remove_stale(folder)
    if not rows:
        raise PairError(f"{source}: none of its {len(videos)} videos can be used: {'; '.join(failed)}")
    return Found(list(rows.values()), []), failed
