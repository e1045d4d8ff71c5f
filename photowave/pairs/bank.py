"""Recordings in memory, at one rate and level, with the texture around every place in them."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import torch
from torch import Tensor

from photowave.audio import (
    SpectralEnvelope,
    TextureStatistics,
    extend_bandwidth,
    gain_to,
    measure_width,
    normalise,
    read_channels,
    repeat_to,
    rms_dbfs,
    without_fades,
)
from photowave.errors import ConfigError, MediaError, PairError
from photowave.model import EnvelopeClip
from photowave.pairs.pairing import Excerpt
from photowave.settings import AudioConfig

_SILENCE_DBFS = -80.0


@dataclass(frozen=True)
class Recording:
    """One excerpt to cut clips from."""

    path: Path
    samples: Tensor
    """At the model's rate and level, float32 [time]."""
    textures: Tensor
    """Texture of the window that starts at each hop, [windows, texture]."""
    levels: Tensor
    """Level of each of these windows beside that of the whole recording, in dB, [windows]."""
    spectra: Tensor
    """Log-mel spectrum at each knot of the envelope, [knots, mels]; no knots where none is asked."""
    width: Tensor | None = None
    """How strong its side is beside its middle, see `measure_width`; None where it has one channel or the
    model draws one."""


class SoundBank:
    """All recordings of a split; those that cannot be used are named together in one `PairError`.

    An excerpt of at least `clip_s` can be used. What lies above its bandwidth, that of the file or one that
    `bandwidths_hz` gives, is filled, see `extend_bandwidth`. Where its `start_s` names no place in the
    recording, fades of up to `fade_s` are cut off at either end, and one that is at most half too short is
    repeated. Textures describe `window_s` of sound each. `envelope` measures spectral envelopes;
    `progress` is called with 1 after each recording.
    """

    HOP_S = 1.0
    """Distance between two texture windows, in seconds."""

    def __init__(
        self,
        excerpts: Sequence[Excerpt],
        *,
        audio: AudioConfig,
        clip_s: float,
        window_s: float,
        envelope: SpectralEnvelope | None = None,
        fade_s: float = 0.0,
        bandwidths_hz: Sequence[float | None] = (),
        progress: Callable[[int], None] | None = None,
    ):
        self.audio = audio
        self.window_s = window_s
        self.envelope = envelope
        self.fade_s = fade_s
        self.recordings: list[Recording] = []
        statistics = TextureStatistics(sample_rate=audio.sample_rate, mels=audio.texture_mels)
        hop, window = round(self.HOP_S * audio.sample_rate), round(window_s * audio.sample_rate)
        if window < statistics.shortest:
            raise ConfigError(
                f"window_s={window_s:g}: a texture at {audio.sample_rate} Hz needs at least "
                f"{statistics.shortest / audio.sample_rate:.3g} s. The default is 5."
            )
        # Several excerpts of one recording mostly follow each other: it is read once.
        read = lru_cache(maxsize=1)(self._read)
        bad: list[str] = []
        known = bandwidths_hz or (None,) * len(excerpts)
        for excerpt, bandwidth_hz in zip(excerpts, known, strict=True):
            try:
                samples, gain, width = read(excerpt.path, bandwidth_hz)
                samples = self._cut((samples, gain), excerpt, shortest=clip_s, statistics=statistics)
                windows = samples.unfold(0, min(window, len(samples)), hop)
                textures = torch.cat([statistics(part[None]) for part in windows])
                levels = torch.tensor([rms_dbfs(part) for part in windows]) - rms_dbfs(samples)
                spectra = self._spectra(samples)
                self.recordings.append(Recording(excerpt.path, samples, textures, levels, spectra, width))
            except MediaError as error:
                bad.append(str(error))
            if progress is not None:
                progress(1)
        refuse_if_any(bad, what="recordings", total=len(excerpts))

    @property
    def duration_s(self) -> float:
        """Seconds of sound in all."""
        return sum(len(r.samples) for r in self.recordings) / self.audio.sample_rate

    def nearest(self, textures: Tensor) -> tuple[Tensor, Tensor]:
        """Find the recordings with the windows nearest to textures [batch, texture], int64 [batch].

        Beside them come the largest differences of any number from the nearest windows, [batch]; for a
        texture that is none of these windows they are far above rounding.
        """
        off = [torch.cdist(textures, r.textures, p=torch.inf).amin(1) for r in self.recordings]
        difference, owner = torch.stack(off).min(0)
        return owner, difference

    def clip(self, index: int, start: int, length: int) -> tuple[Tensor, Tensor, EnvelopeClip]:
        """Cut samples [length] from recording `index`, with texture [texture] and envelope around them.

        The envelope's stretch is the texture's window; where a recording ends before it, the rest is zeros.
        """
        recording = self.recordings[index]
        middle = (start + length / 2 - self.window_s * self.audio.sample_rate / 2) / self.audio.sample_rate
        window = min(max(round(middle / self.HOP_S), 0), len(recording.textures) - 1)
        envelope = EnvelopeClip(
            *self._around(recording.spectra, start, length), *self._stretch(recording.spectra, window)
        )
        return recording.samples[start : start + length], recording.textures[window], envelope

    def _around(self, spectra: Tensor, start: int, length: int) -> tuple[Tensor, Tensor]:
        """Knots between which a clip lies, as many for every clip of a length, and its place in them."""
        if self.envelope is None:
            return spectra, torch.zeros(())
        step = self.envelope.step
        first = start // step
        held = torch.arange(first, first + length // step + 3).clamp_max(len(spectra) - 1)
        return spectra[held], torch.tensor(start / step - first, dtype=torch.float32)

    def _stretch(self, spectra: Tensor, window: int) -> tuple[Tensor, Tensor]:
        """Spectra of a texture window, filled up with zeros, and which of them are known."""
        if self.envelope is None:
            return spectra, torch.ones(0, dtype=torch.bool)
        knots_per_s = self.envelope.knots_per_s
        count = max(1, round(self.window_s * knots_per_s))
        part = spectra[round(window * self.HOP_S * knots_per_s) :][:count]
        stretch = torch.cat([part, part.new_zeros(count - len(part), part.shape[1])])
        return stretch, torch.arange(count) < len(part)

    def _read(self, path: Path, bandwidth_hz: float | None) -> tuple[Tensor, float, Tensor | None]:
        """The middle of a recording, the gain that brings it to the level as a whole, and its width."""
        rate = self.audio.sample_rate
        channels, file_rate = read_channels(path, sample_rate=rate)
        samples = channels.mean(0)
        width = None
        if self.audio.channels == len(channels) == 2:
            width = measure_width(channels, sample_rate=rate)
        highest = min(file_rate / 2, math.inf if bandwidth_hz is None else bandwidth_hz)
        samples = extend_bandwidth(samples, sample_rate=rate, bandwidth_hz=highest)
        return samples, gain_to(samples, rms_dbfs=self.audio.rms_dbfs), width

    def _cut(
        self, read: tuple[Tensor, float], excerpt: Excerpt, *, shortest: float, statistics: TextureStatistics
    ) -> Tensor:
        """The samples of an excerpt of what was read, at their level and checked; `shortest` in seconds."""
        rate, name = self.audio.sample_rate, str(excerpt.path)
        samples, gain = read
        needed = max(round(shortest * rate), statistics.shortest)
        if excerpt.start_s is not None:
            first = round(excerpt.start_s * rate)
            # A product is a copy, so that the rest of a long recording does not stay in memory.
            samples = samples[first : first + round(max(self.window_s, shortest) * rate)] * gain
            name += f" from start_s {excerpt.start_s:g}"
        else:
            samples = self._without_fades(samples, gain, needed=needed)
            if 2 * len(samples) >= needed:
                samples = repeat_to(samples, needed)
        if len(samples) < needed:
            raise MediaError(
                f"{name} lasts {len(samples) / rate:.3g} s; training needs {needed / rate:.3g} s. "
                "Remove it, move start_s forward, or lower clip_s and val_clip_s."
            )
        if rms_dbfs(samples) < _SILENCE_DBFS:
            raise MediaError(
                f"{name} is silent: its level stays below {_SILENCE_DBFS:g} dBFS. Remove it or move start_s."
            )
        return samples

    def _without_fades(self, samples: Tensor, gain: float, *, needed: int) -> Tensor:
        """A whole recording at its level; fades are cut off before, since they do not count for it."""
        if self.fade_s > 0:
            kept = without_fades(samples, sample_rate=self.audio.sample_rate, longest_s=self.fade_s)
            # What is cut off must not make a recording too short to be used.
            if needed <= len(kept) < len(samples):
                return normalise(kept, rms_dbfs=self.audio.rms_dbfs)
        return samples * gain

    @torch.no_grad()
    def _spectra(self, samples: Tensor) -> Tensor:
        if self.envelope is None:
            return samples.new_zeros(0, self.audio.texture_mels)
        # A copy: the rest of a padded tensor would stay in memory.
        spectra: Tensor = self.envelope(samples[None])
        return spectra[0].clone()


def refuse_if_any(bad: Sequence[str], *, what: str, total: int) -> None:
    """Report together all files that cannot be used; `bad` says what is wrong with each of them."""
    if bad:
        listed = "; ".join(text.removesuffix(".") for text in bad)
        raise PairError(f"{len(bad)} of {total} {what} cannot be used: {listed}.")
