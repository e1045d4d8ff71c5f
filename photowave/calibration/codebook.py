"""Which textures of the training sounds may be drawn for: medoids of clusters of texture windows."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from sklearn.cluster import KMeans
from torch import Tensor

from photowave.pairs.recording import Recording
from photowave.pairs.split_data import SplitData

_log = logging.getLogger(__name__)
_MOST_OFF_DB = 3.0
_FEWEST = 5  # one window in so many is kept, however loud


@dataclass(frozen=True)
class Codebook:
    """Textures that were found.

    Attributes:
        windows: The window each entry is, counted over all recordings, [entries].
        groups: The group of each entry: what goes with the same photos, or else the entry itself, [entries].
        codes: The entry that stands for each window; -1 where none does, [windows].
        owners: The recording of each window, [windows].
    """

    windows: Tensor
    groups: Tensor
    codes: Tensor
    owners: Tensor


def find_textures(train: SplitData, *, mean: Tensor, std: Tensor, size: int, seed: int) -> Codebook:
    """Cluster the training textures; the window nearest to a cluster's centre stands for it.

    ::

        scene with 13 entries    1 window    9 windows    36 windows
        root of the length       1           3            6
        entries, clusters        1           4            8

    Where there are enough entries, each group of recordings that go with the same photos has as many as any
    other, and in it each recording its own: what is short is among them, too, and no texture stands for two
    places. Which of them photos may be given is measured later, see `free_run.leave_out_strays`. Textures are
    those of windows about as loud as their recording: the stillness between two calls of a bird is learned
    from, but not chosen. Where entries are too few, all windows are clustered together, and each entry is a
    group.

    Args:
        train: The training split.
        mean: Of the textures, [texture].
        std: Of the textures, [texture].
        size: The most entries.
        seed: For the clustering.
    """
    recordings = train.bank.recordings
    textures = torch.cat([recording.textures for recording in recordings])
    normalised = ((textures - mean) / std).double()
    owners = torch.cat([torch.full((len(r.textures),), index) for index, r in enumerate(recordings)])
    usual = torch.cat([_usual(recording.levels) for recording in recordings])
    numbers: dict[tuple[tuple[int, ...], str | None], int] = {}
    unseen = train.unseen_scenes
    sounds = zip(train.pairing.photos_of, train.pairing.sound_scenes, strict=True)
    circles = torch.tensor(
        [
            # The table of places can ask for a scene that goes with no photo.
            numbers.setdefault((photos, scene if scene in unseen else None), len(numbers))
            for photos, scene in sounds
        ]
    )
    # What goes with no photo is never drawn for one; it shares the textures only if there is nothing else.
    present = [circle for circle, names in enumerate(numbers) if any(names)] or [0]
    # Where circles are few, each has textures of its own, and the photo has only to tell the circles apart.
    alone = size >= 2 * len(present)
    codes = torch.full((len(textures),), -1)
    found: list[Tensor] = []
    groups: list[int] = []
    for group, part in enumerate(present if alone else [-1]):
        here = usual & (circles[owners] == part) if alone else usual
        most = size // len(present) + (group < size % len(present)) if alone else size
        together = [(here, min(most, int(here.sum())))]
        for cluster, count in _clusters(here, owners, recordings, most) if alone else together:
            rows = cluster.nonzero().flatten()
            fitted = KMeans(n_clusters=count, n_init=4, random_state=seed).fit(normalised[rows].numpy())
            codes[rows] = len(groups) + torch.from_numpy(fitted.labels_).long()
            # The window nearest to each centre: a texture that was really heard, not a blend.
            distances = torch.from_numpy(fitted.transform(normalised[rows].numpy()))
            found.append(rows[distances.argmin(0)])
            groups += [group] * count if alone else range(count)
    heard = int((codes >= 0).sum())
    _log.info("codebook: %d textures from %d windows in %d groups", len(groups), heard, len(set(groups)))
    return Codebook(torch.cat(found), torch.tensor(groups), codes, owners)


def _clusters(
    here: Tensor, owners: Tensor, recordings: Sequence[Recording], most: int
) -> list[tuple[Tensor, int]]:
    """Windows that are clustered together, bool [windows], and into how many textures."""
    heard = torch.unique(owners[here]).tolist()
    windows = torch.bincount(owners[here], minlength=len(recordings))[heard].tolist()
    if len(heard) > most:
        return [(here, min(most, sum(windows)))]
    lengths = [len(recordings[recording].textures) for recording in heard]
    counts = share_out(most, wanted=[length**0.5 for length in lengths], room=windows)
    return [(here & (owners == recording), count) for recording, count in zip(heard, counts, strict=True)]


def share_out(total: int, *, wanted: list[float], room: list[int]) -> list[int]:
    """Share out entries by highest averages (Jefferson's method), each first getting one.

    Args:
        total: Entries; at least as many as there are to share among.
        wanted: In what proportion.
        room: The most that each can take; at least one.

    Returns:
        How many each gets; together `total`, or what there is room for.
    """
    counts = [1] * len(wanted)
    while sum(counts) < min(total, sum(room)):
        asking = [w / (c + 1) if c < r else 0.0 for w, c, r in zip(wanted, counts, room, strict=True)]
        counts[asking.index(max(asking))] += 1
    return counts


def _usual(levels: Tensor) -> Tensor:
    """Windows about as loud as their recording, or else the fifth that is nearest to it, bool [windows].

    Where a clap of thunder sets the level, its window alone would be too few.
    """
    off = levels.abs()
    there = off[off.isfinite()].sort().values  # silence counts for nothing
    if not len(there):
        # What sounds lies behind the last window.
        return torch.ones_like(off).bool()
    nearest = there[: -(-len(there) // _FEWEST)]
    return off <= max(_MOST_OFF_DB, float(nearest[-1]))
