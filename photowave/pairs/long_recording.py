"""Recordings of hours, read block by block, so that the memory they take does not grow with their length."""

import math
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import numpy as np
import torch
from torch import Tensor

from photowave.audio import (
    SpectralEnvelope,
    extend_bandwidth,
    measure_width,
    resample_blocks,
    sound_blocks,
)
from photowave.audio.level import OFFSET_SHARE
from photowave.errors import MediaError

LONG_S = 1_200.0
"""Recordings that are longer, in seconds, are read in blocks."""
_BLOCK_S = 60


def read_long(
    path: Path, *, sample_rate: int, stereo: bool, bandwidth_hz: float | None
) -> tuple[Tensor, Tensor | None]:
    """Read the middle of a long recording into a mapped file that vanishes with it.

    What `read_channels`, `measure_width` and `extend_bandwidth` do to a whole recording is done to each
    minute of it; the width is that of its loudest minute.

    Args:
        path: The recording.
        sample_rate: In Hz.
        stereo: Whether a width is asked for.
        bandwidth_hz: See `RecordingReader.read`.

    Returns:
        Samples, float32 [time], and the width.

    Raises:
        MediaError: It cannot be read.
    """
    width, loudest = None, 0.0
    with tempfile.TemporaryFile() as file:
        for channels, file_rate in _resampled(path, sample_rate):
            samples = channels.mean(0)
            power = float(samples.square().mean())
            if stereo and len(channels) == 2 and power > loudest:
                width, loudest = measure_width(channels, sample_rate=sample_rate), power
            highest = min(file_rate / 2, math.inf if bandwidth_hz is None else bandwidth_hz)
            samples = extend_bandwidth(samples, sample_rate=sample_rate, bandwidth_hz=highest)
            file.write(samples.contiguous().numpy().data)
        if file.tell() == 0:
            raise MediaError(f"{path} holds no samples. Replace it.")
        return _mapped(file), width


def _mapped(file: IO[bytes]) -> Tensor:
    file.flush()
    return torch.from_numpy(np.memmap(file, dtype=np.float32, mode="r+"))


def _resampled(path: Path, sample_rate: int) -> Iterator[tuple[Tensor, int]]:
    """Blocks at the model's rate, [channels, time], and the rate of the file."""
    # Once to find the offset of each channel, once to read it without.
    sums, rate = torch.zeros(2, 2, dtype=torch.float64), 0
    count = 0
    for channels, file_rate in _blocks(path):
        rate = file_rate
        exact = channels.double()
        sums[:, : len(exact)] += torch.stack([exact.sum(1), exact.square().sum(1)])
        count += channels.shape[1]
    if not count:
        return
    mean, power = sums / count
    there = mean.square() > OFFSET_SHARE**2 * (power - mean.square())
    offset = torch.where(there, mean, 0.0).float()[:, None]
    blocks = (channels - offset[: len(channels)] for channels, _ in _blocks(path))
    for block in resample_blocks(blocks, old_rate=rate, new_rate=sample_rate):
        yield block, rate


def _blocks(path: Path) -> Iterator[tuple[Tensor, int]]:
    """The first two channels, block by block, and the rate of the file."""
    for channels, rate in sound_blocks(path, block_s=_BLOCK_S):
        yield channels[:2], rate


def scaled(samples: Tensor, gain: float) -> Tensor:
    """Multiply a long recording [time], in a memory-mapped file of its own."""
    with tempfile.TemporaryFile() as file:
        for part in torch.split(samples, 1 << 22):
            file.write((part * gain).numpy().data)
        return _mapped(file)


def long_envelope(envelope: SpectralEnvelope, samples: Tensor) -> Tensor:
    """Measure the envelope of a long recording, [knots, mels], some minutes at a time.

    Args:
        envelope: What measures it.
        samples: Float32, [time].
    """
    knots = 1 + len(samples) // envelope.step
    most = max(1, round(LONG_S * envelope.knots_per_s / 4))
    # So many knots before and after each part that its ends, where the sound is mirrored, fall out of it.
    around = 2 + math.ceil(envelope.shortest / envelope.step)
    parts = []
    for first in range(0, knots, most):
        last = min(first + most, knots)
        begin = max(0, first - around)
        piece = samples[begin * envelope.step : (last + around) * envelope.step]
        parts.append(envelope(piece[None])[0, first - begin : last - begin].clone())
    return torch.cat(parts)
