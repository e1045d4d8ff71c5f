"""Cuts the excerpts of one recording, each with the row of the manifest that it belongs to."""

import math
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from photowave.audio import gain_to_loudness, normalise, read_sound, rms_dbfs
from photowave.errors import MediaError, PairError
from photowave.pairs.manifest import Row
from photowave.settings import AudioConfig

_CROSSFADE_S = 0.05
_SILENCE_DBFS = -80.0


def cut_excerpts(
    path: Path, rows: Sequence[Row], *, audio: AudioConfig, level: str = "rms", length: int
) -> list[tuple[Tensor, Row]]:
    """Cut the excerpts of one file that are to be heard, each with its row; at least one. See `load_real`.

    All rows have a scene; one without `start_s` stands for the whole file. PairError: the whole file, or one
    excerpt, stands under two scenes. MediaError: it cannot be read, is silent, or ends before a `start_s`.
    """
    rate = audio.sample_rate
    starts = {} if any(row.start_s is None for row in rows) else _starts(path, rows, rate=rate)
    if not starts:
        _refuse_two_scenes(path, rows, where="")
    samples, _ = read_sound(path, sample_rate=rate)
    if level == "loudness":
        samples = samples * gain_to_loudness(samples, sample_rate=rate, lufs=audio.rms_dbfs)
    else:
        samples = normalise(samples, rms_dbfs=audio.rms_dbfs)
    # Where the whole recording is named, too, excerpts within it would come twice.
    places = starts or dict.fromkeys(range(0, max(len(samples) - length, 0) + 1, length), rows[0])
    cut = []
    for first, row in sorted(places.items(), key=lambda place: place[0]):
        part = samples[first : first + length]
        if len(part) < 2:
            raise MediaError(
                f"{path} lasts {len(samples) / rate:.3g} s; no sound follows start_s {first / rate:g}. "
                "Move start_s forward."
            )
        if rms_dbfs(part) >= _SILENCE_DBFS:
            long = tile(part, length=length, crossfade=round(_CROSSFADE_S * rate))
            # Where end and beginning are alike, a crossfade adds up to more than either.
            cut.append((long / max(1.0, float(long.abs().max())), row))
    if not cut:
        raise MediaError(
            f"{path} has no audible excerpt of {length / rate:.3g} s: all stay below {_SILENCE_DBFS:g} dBFS. "
            "Remove it."
        )
    return cut


def tile(samples: Tensor, *, length: int, crossfade: int) -> Tensor:
    """Repeat a sound until it is long enough; each end passes into the next beginning at equal power.

    ::

        one          ██████████▓▒░
        the next               ░▒▓██████████▓▒░
                               |<->| crossfade

    Of the samples [time], two or more, at most half overlap. A sound that was longer is cut off.
    """
    if length <= len(samples):
        return samples[:length]
    overlap = min(crossfade, len(samples) // 2)
    angles = (torch.arange(overlap, dtype=torch.float64) + 0.5) * (torch.pi / 2 / max(overlap, 1))
    fade_in, fade_out = angles.sin().to(samples.dtype), angles.cos().to(samples.dtype)
    # Every copy but the first begins inside the crossfade, so that all of them are the same piece.
    joined = samples[len(samples) - overlap :] * fade_out + samples[:overlap] * fade_in
    middle = samples[overlap : len(samples) - overlap]
    period = torch.cat([middle, joined])
    copies = math.ceil((length - overlap) / len(period))
    return torch.cat([samples[:overlap], period.repeat(copies)])[:length]


def _starts(path: Path, rows: Sequence[Row], *, rate: int) -> dict[int, Row]:
    """The row of each sample at which an excerpt starts."""
    at: dict[int, list[Row]] = {}
    for row in rows:
        assert row.start_s is not None
        at.setdefault(round(row.start_s * rate), []).append(row)
    for first, same in at.items():
        _refuse_two_scenes(path, same, where=f" at start_s {first / rate:g}")
    return {first: same[0] for first, same in at.items()}


def _refuse_two_scenes(path: Path, rows: Sequence[Row], *, where: str) -> None:
    scenes = sorted({row.scene or "" for row in rows})
    if len(scenes) > 1:
        raise PairError(
            f"{path}{where} stands under {len(scenes)} scenes: {', '.join(scenes)}; a sound can be of one. "
            "Keep one of the rows, or give each a start_s of its own."
        )
