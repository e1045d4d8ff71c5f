"""What can be found: each kind with how grave it is and what helps."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

Severity = Literal["rejected", "suspect"]


class Kind(NamedTuple):
    """How grave it is, and what helps."""

    severity: Severity
    remedy: str


KINDS: Mapping[str, Kind] = {
    "faulty row": Kind("rejected", "Mend the row."),
    "missing": Kind("rejected", "Mend the path, or remove the row."),
    "empty": Kind("rejected", "Copy the file again, or remove the row."),
    "not a photo": Kind("rejected", "Save it as JPEG or PNG, or remove the row."),
    "not a sound": Kind("rejected", "Save it as WAV or FLAC, or remove the row."),
    "truncated": Kind("rejected", "Copy the file again, or remove the row."),
    "unreadable": Kind("rejected", "Export the file again, or remove the row."),
    "too short": Kind("rejected", "Use a longer recording, move start_s forward, or remove the row."),
    "silent": Kind("rejected", "Remove the row, or raise the level of the recording."),
    "channels cancel": Kind("rejected", "Turn one of the channels over, or keep only one."),
    "in two splits": Kind("rejected", "Keep it in one split."),
    "cut short": Kind("suspect", "Copy the file again."),
    "mostly silent": Kind("suspect", "Cut the silence out."),
    "dead channel": Kind("suspect", "Keep the other channel only."),
    "clipped": Kind("suspect", "Use a recording of lower gain."),
    "DC offset": Kind("suspect", "Take the mean off the samples."),
    "band-limited": Kind("suspect", "Say it in the column bandwidth_hz: what lies above is then filled."),
    "speech": Kind("suspect", "Listen to it; cut the speech out if it does not belong to the place."),
    "music": Kind("suspect", "Listen to it; cut the music out if it does not belong to the place."),
    "too small": Kind("suspect", "Use a larger photo."),
    "one colour": Kind("suspect", "Use another photo, or another moment of the video."),
    "double row": Kind("suspect", "Remove one of the rows."),
    "duplicate": Kind("suspect", "Keep one of the files."),
    "near duplicate": Kind("suspect", "Keep one of the files, or both in one split."),
    "recording in two splits": Kind("suspect", "Keep all excerpts of a recording in one split."),
    "implausible place": Kind("suspect", "Look at the photo; give its row another scene if it shows one."),
    "implausible sound": Kind("suspect", "Listen to it; give its row another scene if it belongs there."),
    "place without partner": Kind("suspect", "Add photos or sounds, or remove the folder."),
}
"""Name of each kind. `rejected`: the training cannot use the row. `suspect`: it can, but something is odd."""


@dataclass(frozen=True)
class Finding:
    """Something that was found."""

    kind: str
    """One of `KINDS`."""
    value: str
    """What was measured or read, in words."""
    lines: tuple[int, ...] = ()
    """The lines of the rows that it concerns."""
    file: Path | None = None
    """The photo or the recording; None where the row itself is meant."""
    severity: Severity = "suspect"
    """How grave it is: see `KINDS`."""

    @property
    def remedy(self) -> str:
        """What helps."""
        return KINDS[self.kind].remedy


def finding(kind: str, value: str, *, lines: tuple[int, ...] = (), file: Path | None = None) -> Finding:
    """Make a finding as grave as its kind."""
    return Finding(kind, value, lines, file, KINDS[kind].severity)
