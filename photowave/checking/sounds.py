"""One recording: what a single pass over its samples measures, and what that says against it."""

import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from photowave.audio import resample, sound_blocks
from photowave.audio.files import SILENCE_PEAK_DBFS
from photowave.checking.cliff import find_cliff

_FFT = 2048
_STILL_S = 0.05
"""A constant stretch counts from this length on: quiet recordings of 8 bits have shorter ones."""
_LEAST_MOVING = 0.5
_MOST_CLIPPED = 0.001
_MOST_OFFSET = 0.25
_TRUSTED = 0.75
"""A recording that ends above this share of what is wanted is wide enough: lossy formats take the rest."""
HEARD_S, HEARD_RATE = 300.0, 16_000
"""So much of a recording is kept to be listened to, in seconds, at that rate in Hz."""

Told = tuple[str, str]
"""A kind of `KINDS`, and what was measured."""


@dataclass
class SoundFacts:
    """What one pass measures; all of it is bounded, however long the recording is."""

    rate: int = 0
    channels: int = 0
    count: int = 0
    """Samples of each channel."""
    sums: NDArray[np.float64] = field(default_factory=lambda: np.zeros(1))
    squares: NDArray[np.float64] = field(default_factory=lambda: np.zeros(1))
    low: NDArray[np.float64] = field(default_factory=lambda: np.zeros(1))
    """The least sample of each channel, and of their mean."""
    high: NDArray[np.float64] = field(default_factory=lambda: np.zeros(1))
    """The greatest."""
    peaks: list[tuple[int, float]] = field(default_factory=list)
    """Where stretches of half a second begin, in samples, and the peak of the mean of the channels there."""
    still: int = 0
    """Samples in stretches in which no channel moves."""
    clipped: int = 0
    """Samples of flat tops, in all channels."""
    power: NDArray[np.float64] = field(default_factory=lambda: np.zeros(_FFT // 2 + 1))
    """Power spectrum of the mean of the channels, summed over time."""
    heard: torch.Tensor | None = None
    """Its first minutes at 16 kHz, [time]; None where nobody asks."""

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.count / self.rate


def measure_sound(path: Path, *, listen: bool = False) -> SoundFacts:
    """Read a recording once, in blocks.

    Args:
        path: The recording.
        listen: Whether to keep its first minutes.

    Raises:
        MediaError: It cannot be read.
    """
    facts, kept = SoundFacts(), list[torch.Tensor]()
    for block, facts.rate in sound_blocks(path):
        samples = block.numpy()
        if facts.count == 0:
            facts.channels = len(samples)
            facts.sums = facts.squares = np.zeros(facts.channels)
            facts.low, facts.high = np.full(facts.channels + 1, np.inf), np.full(facts.channels + 1, -np.inf)
        mixed = samples.mean(0)
        facts.sums = facts.sums + samples.sum(1, dtype=np.float64)
        facts.squares = facts.squares + np.square(samples, dtype=np.float64).sum(1)
        facts.low = np.minimum(facts.low, [*samples.min(1), mixed.min()])
        facts.high = np.maximum(facts.high, [*samples.max(1), mixed.max()])
        starts = np.arange(0, len(mixed), max(1, facts.rate // 2))
        steps = np.maximum.reduceat(np.abs(mixed), starts)
        facts.peaks += zip((facts.count + starts).tolist(), steps.tolist(), strict=True)
        facts.still += _still(samples, round(_STILL_S * facts.rate))
        facts.clipped += _flat_tops(samples)
        facts.power = facts.power + _power(mixed)
        if listen and facts.count < HEARD_S * facts.rate:
            kept.append(torch.from_numpy(mixed[: round(HEARD_S * facts.rate) - facts.count]))
        facts.count += samples.shape[1]
    if kept:
        facts.heard = resample(torch.cat(kept), old_rate=facts.rate, new_rate=HEARD_RATE)
    return facts


def unusable_sound(facts: SoundFacts, *, shortest_s: float) -> Iterator[Told]:
    """Say why a recording cannot serve at all.

    Args:
        facts: What was measured.
        shortest_s: The training needs so much, in seconds.
    """
    if facts.duration_s < shortest_s:
        yield "too short", f"{facts.duration_s:.3g} s; {shortest_s:g} s are needed"
    # Half the way from the least to the greatest sample: a constant is as silent as zeros are.
    peaks = (facts.high - facts.low) / 2
    least = 10 ** (SILENCE_PEAK_DBFS / 20)
    if peaks[:-1].max() < least:
        exact = "all samples are equal" if peaks.max() == 0 else f"its peak is {_db(peaks[:-1].max())} dBFS"
        yield "silent", exact
    elif peaks[-1] < least:
        yield "channels cancel", "nothing is left once they are mixed"


def excerpt_is_silent(facts: SoundFacts, start_s: float, window_s: float) -> bool:
    """Whether nothing is heard for `window_s` seconds from `start_s` on."""
    first, last = start_s * facts.rate, (start_s + window_s) * facts.rate
    heard = [peak for start, peak in facts.peaks if start + facts.rate / 2 > first and start < last]
    return max(heard, default=0.0) < 10 ** (SILENCE_PEAK_DBFS / 20)


def odd_sound(facts: SoundFacts, *, sample_rate: int, bandwidth_hz: float | None) -> Iterator[Told]:
    """Say what looks wrong with a recording that can serve.

    Args:
        facts: What was measured.
        sample_rate: What the model draws at, in Hz.
        bandwidth_hz: What its row says of it; that needs no telling.
    """
    moving = 1 - facts.still / facts.count
    if moving < _LEAST_MOVING:
        yield "mostly silent", f"{1 - moving:.0%} of it does not move at all"
    spread = np.sqrt(np.maximum(facts.squares / facts.count - (facts.sums / facts.count) ** 2, 1e-30))
    peaks = ((facts.high - facts.low) / 2)[:-1]
    dead = peaks < 10 ** (SILENCE_PEAK_DBFS / 20)
    if dead.any():
        yield "dead channel", f"{dead.sum()} of {facts.channels} channels are silent"
    share = facts.clipped / (facts.count * facts.channels)
    if share > _MOST_CLIPPED:
        yield "clipped", f"{share:.1%} of its samples lie on flat tops"
    offsets = np.abs(facts.sums / facts.count) / spread
    loudest = int(np.argmax(np.where(dead, 0, offsets)))
    if not dead[loudest] and offsets[loudest] > _MOST_OFFSET:
        value = facts.sums[loudest] / facts.count
        yield (
            "DC offset",
            f"its mean is {value:+.3g} of full scale, {offsets[loudest]:.0%} of the sound itself",
        )
    wanted = min(sample_rate, facts.rate) / 2
    cliff = find_cliff(facts.power, sample_rate=facts.rate)
    if cliff < _TRUSTED * min(wanted, wanted if bandwidth_hz is None else bandwidth_hz):
        yield "band-limited", f"it ends at {cliff / 1000:.3g} kHz; its rate promises {wanted / 1000:.4g} kHz"


def missing_bytes(path: Path) -> int:
    """Count the bytes that a WAV or AIFF file promises and lacks; 0 for any other."""
    with path.open("rb") as file:
        head = file.read(12)
        size = file.seek(0, 2)
    order = {b"RIFF": "<I", b"FORM": ">I"}.get(head[:4])
    if order is None or head[8:12] not in (b"WAVE", b"AIFF", b"AIFC"):
        return 0
    promised = struct.unpack(order, head[4:8])[0]
    # A stopped recorder promises nothing, or all that can be; an odd last chunk may lack its padding.
    unknown = promised in (0, 0xFFFF_FFFF) or promised > 0xFFFF_0000
    return 0 if unknown else max(0, promised + 8 - size - 1)


def _still(samples: NDArray[np.float32], shortest: int) -> int:
    """Samples in stretches of at least `shortest` in which no channel changes, [channels, time]."""
    moves = np.flatnonzero((np.diff(samples, axis=1) != 0).any(0))
    edges = np.concatenate([[-1], moves, [samples.shape[1] - 1]])
    lengths = np.diff(edges)
    return int(lengths[lengths >= shortest].sum())


def _flat_tops(samples: NDArray[np.float32]) -> int:
    """Samples in runs of three or more that are equal and close to the peak, or beyond full scale."""
    size = np.abs(samples)
    peak = float(size.max())
    if peak < 0.01:
        return 0
    same = (samples[:, 1:] == samples[:, :-1]) & (size[:, 1:] >= 0.98 * peak)
    # Lossy formats bend a flat top; what goes beyond full scale was cut there once.
    same |= (size[:, 1:] >= 1.0) & (size[:, :-1] >= 1.0) & (samples[:, 1:] * samples[:, :-1] > 0)
    runs = same[:, 1:] & same[:, :-1]
    return int(runs.sum()) + 2 * int((runs[:, 1:] & ~runs[:, :-1]).sum() + runs[:, :1].sum())


def _power(mixed: NDArray[np.float32]) -> NDArray[np.float64]:
    frames = len(mixed) // _FFT
    if frames == 0:
        return np.zeros(_FFT // 2 + 1)
    parts = mixed[: frames * _FFT].reshape(frames, _FFT)
    spectrum = np.fft.rfft((parts - parts.mean(1, keepdims=True)) * np.hanning(_FFT), axis=1)
    power: NDArray[np.float64] = np.square(np.abs(spectrum)).sum(0)
    return power


def _db(peak: float) -> str:
    return f"{20 * math.log10(peak):.0f}" if peak > 0 else "-inf"
