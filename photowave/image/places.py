"""Which places the classes of a photo classifier speak for: a table in plain text that anyone may edit.

A place with few photos, or none, can be told by what a network knows that has seen a million: a geyser, a
stove, a railway carriage.
"""

import csv
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

import torch
from torch import Tensor, nn

from photowave.errors import ConfigError

_COLUMNS = ["class", "name", "place", "weight"]
_FLOOR = 0.01  # what a place gets without any class that speaks for it, so that its logarithm is finite


class PlaceTable(nn.Module):
    """Scores places by the probabilities of classes.

    Args:
        names: The places.
        weights: How much each class speaks for each place, 0 to 1, [classes, places].
    """

    weights: Tensor

    def __init__(self, names: Sequence[str], weights: Tensor) -> None:
        super().__init__()
        self.names = tuple(names)
        self.register_buffer("weights", weights)

    def forward(self, logits: Tensor) -> Tensor:
        """Logits [batch, classes] to log scores, whose mean over the places is zero, [batch, places]."""
        scores = (torch.softmax(logits, -1) @ self.weights + _FLOOR).log()
        return scores - scores.mean(-1, keepdim=True)


def default_places_path() -> Path:
    """Tell where the table for the thousand classes of ImageNet lies."""
    return Path(str(files("photowave.image") / "imagenet_places.csv"))


def read_places(path: str | Path, *, classes: int) -> PlaceTable:
    """Read a table with the columns class (counted from 0), name (for the reader alone), place and weight.

    A class may speak for several places or for none; its weights add up to 1 at the most.

    Args:
        path: A CSV file in UTF-8.
        classes: How many classes the network tells apart.

    Raises:
        ConfigError: The file cannot be read, or a line breaks a rule.
    """
    path = Path(path)
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, strict=True)
            header, lines = reader.fieldnames, [(reader.line_num, row) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigError(
            f"table of places {path} cannot be read: {error}. Give a CSV file, 'default' or null."
        ) from error
    if list(header or []) != _COLUMNS or not lines:
        raise ConfigError(
            f"table of places {path} must have the columns {','.join(_COLUMNS)} and a line for each place of "
            f"a class; its first line is {','.join(header or [])!r}. Start from {default_places_path()}."
        )
    found: dict[tuple[int, str], float] = {}
    for line, row in lines:
        number, place, weight = _entry(row, classes=classes, where=f"{path}, line {line}")
        if (number, place) in found:
            raise ConfigError(
                f"{path}, line {line}: class {number} names {place!r} twice. Keep one of the lines."
            )
        found[number, place] = weight
    names = sorted({place for _, place in found})
    weights = torch.zeros(classes, len(names))
    for (number, place), weight in found.items():
        weights[number, names.index(place)] = weight
    most = int(weights.sum(1).argmax())
    if weights[most].sum() > 1 + 1e-5:
        raise ConfigError(
            f"{path}: the weights of class {most} add up to {float(weights[most].sum()):g}: must be at most "
            "1. Lower them."
        )
    return PlaceTable(names, weights)


def _entry(row: dict[str, str], *, classes: int, where: str) -> tuple[int, str, float]:
    number, place, text = (str(row[name] or "").strip() for name in ("class", "place", "weight"))
    if not (number.isdecimal() and int(number) < classes):
        raise ConfigError(
            f"{where}: class={number!r}: must be a whole number from 0 to {classes - 1}, as the encoder "
            "counts its classes. Correct it, or use another encoder."
        )
    if not place:
        raise ConfigError(f"{where}: class {number} has no place. Name one, or take the line out.")
    try:
        weight = float(text)
    except ValueError:
        weight = -1.0
    if not 0.0 < weight <= 1.0:
        raise ConfigError(f"{where}: weight={text!r}: must be above 0 and at most 1, such as 0.5.")
    return int(number), place, weight
