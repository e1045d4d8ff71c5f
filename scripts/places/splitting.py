"""Deals whole groups to train, val and test, so that every place comes near to the shares that are wanted."""

import itertools
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from places.entries import Entry

SPLITS = ("train", "val", "test")
SHARES = (0.70, 0.12, 0.18)
LEFT_OUT = {
    "airport": "37 s of sound",
    "church_bells": "41 s of sound",
}
"""Places that the set leaves out, and why: under 60 s of sound."""
UNREADABLE = ("jungle/sounds/MingLeeEatPy-studyflow__forest.ogg",)
"""Recordings that the set leaves out: an Ogg file with a Skeleton stream, which libsndfile does not read."""
# Costs of a place beside the squares of what its shares are off: no training at all is out of the question,
# and a test is worth more than a validation. Less than half for training costs more and more.
_NO_TRAIN, _NO_TEST, _NO_VAL, _FEW_TRAIN = 100.0, 0.3, 0.1, 10.0

Amounts = Mapping[str, Mapping[str, float]]
"""For each group, how much of each place it holds: photos, or seconds."""


def split_entries(entries: Sequence[Entry]) -> list[str]:
    """Say to which split each entry belongs; '' for what is left out.

    Photos and recordings are dealt separately. Photos of places without sound, which nothing can learn from,
    are for the test: what does the model answer to a place it does not know?
    """
    heard = {entry.place for entry in entries if entry.kind == "sound"}
    found: dict[tuple[str, str], str] = {}
    for kind in ("photo", "sound"):
        amounts: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
        for entry in entries:
            if entry.kind == kind and not _left_out(entry) and entry.place in heard:
                amounts[entry.group][entry.place] += 1 if kind == "photo" else entry.duration_s
        found |= {(kind, group): split for group, split in deal(amounts).items()}
    return ["" if _left_out(entry) else found.get((entry.kind, entry.group), "test") for entry in entries]


def _left_out(entry: Entry) -> bool:
    return entry.place in LEFT_OUT or entry.file in UNREADABLE


def deal(amounts: Amounts) -> dict[str, str]:
    """Deal groups to splits; neither the order of the groups nor chance plays a part.

    From all in train on, it makes the best move or swap until none makes it better. A group that
    is heard in three places or more holds others where they are, so it is then tried on the other sides, the
    others dealt anew.
    """
    wide = sorted(group for group, places in amounts.items() if len(places) > 2)
    cost, side = _settled(amounts, dict.fromkeys(amounts, 0))
    tries = [(group, to) for group in wide for to in range(3)]
    while tries:
        group, to = tries.pop(0)
        _, moved = _settled(amounts, side | {group: to}, fixed=group)
        lower, moved = _settled(amounts, moved)
        if lower < cost - 1e-9:
            cost, side = lower, moved
            tries = [(group, to) for group in wide for to in range(3)]
    return {group: SPLITS[number] for group, number in side.items()}


def _settled(
    amounts: Amounts, side: Mapping[str, int], *, fixed: str | None = None
) -> tuple[float, dict[str, int]]:
    """The cost that no move and no swap lowers, and where the groups then are; one of them may stay fixed."""
    side = dict(sorted(side.items()))
    free = [group for group in side if group != fixed]
    held: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
    count: dict[str, int] = defaultdict(int)
    for group, number in side.items():
        for place, amount in amounts[group].items():
            held[place][number] += amount
            count[place] += 1

    def after(moves: Iterable[tuple[str, int]]) -> dict[str, list[float]]:
        new: dict[str, list[float]] = {}
        for group, to in moves:
            for place, amount in amounts[group].items():
                changed = new.setdefault(place, list(held[place]))
                changed[side[group]] -= amount
                changed[to] += amount
        return new

    def gain(moves: Iterable[tuple[str, int]]) -> float:
        new = after(moves)
        return sum(_cost(held[place], count[place]) - _cost(new[place], count[place]) for place in new)

    while True:
        choices = [((group, to),) for group in free for to in range(3) if to != side[group]]
        choices += [
            ((one, side[other]), (other, side[one]))
            for one, other in itertools.combinations(free, 2)
            if side[one] != side[other] and not amounts[one].keys().isdisjoint(amounts[other])
        ]
        gains = ((round(gain(moves), 9), moves) for moves in choices)
        best, moves = max(gains, key=lambda choice: choice[0], default=(0.0, ()))
        if best <= 0:
            return sum(_cost(held[place], count[place]) for place in held), side
        held.update(after(moves))
        side.update(moves)


def _cost(held: Sequence[float], groups: int) -> float:
    """How far a place is from what is wanted, given what train, val and test hold of it."""
    total = sum(held)
    shares = [max(amount, 0.0) / total for amount in held]
    train, val, test = (share > 1e-9 for share in shares)
    return (
        sum((share - wanted) ** 2 for share, wanted in zip(shares, SHARES, strict=True))
        + _NO_TRAIN * (not train)
        + _FEW_TRAIN * max(0.5 - shares[0], 0)
        + _NO_TEST * (not test and groups > 1)
        + _NO_VAL * (not val and groups > 2)
    )


def table(entries: Sequence[Entry]) -> str:
    """Show per place the photos and the seconds of sound in train, val and test, as a Markdown table."""
    lines = [
        "| place | photos: train | val | test | sound, s: train | val | test |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    inside = [entry for entry in entries if entry.split]
    for name in [*sorted({entry.place for entry in inside}), "all"]:
        cells = []
        for kind in ("photo", "sound"):
            for split in SPLITS:
                here = [e for e in inside if (e.kind, e.split) == (kind, split) and name in (e.place, "all")]
                cells.append(len(here) if kind == "photo" else round(sum(e.duration_s for e in here)))
        lines.append(f"| {name} | " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines)
