"""The recordings of a split, with the texture around every place in them."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from photowave.audio import SpectralEnvelope
from photowave.errors import MediaError, PairError
from photowave.model import EnvelopeClip
from photowave.pairs.kept_recordings import KeptRecordings, RecordingStore, cache_errors
from photowave.pairs.pairing import Excerpt
from photowave.pairs.recording import HOP_S, Recording, RecordingReader
from photowave.pairs.splits import HashFiles
from photowave.settings import AudioConfig


class SoundBank:
    """All recordings of a split, in memory or, with a `cache`, memory-mapped.

    An excerpt of at least `clip_s` can be used. What lies above its bandwidth, that of the file or one that
    `bandwidths_hz` gives, is filled, see `extend_bandwidth`. Where its `start_s` names no place in the
    recording, fades of up to `fade_s` are cut off at either end, and one that is at most half too short is
    repeated. Textures describe `window_s` of sound each. `envelope` measures spectral envelopes;
    `level` is `rms` or `loudness`, see `DataSettings`. `progress` is called with 1 after each recording.
    `hashed` hashes files for the `cache`, which can do it itself.

    Attributes:
        recordings: Those that can be used.
        bad: What is wrong with each excerpt that cannot, where `strict` is false.
        lengths: Samples of each recording, int64 [recordings].
        windows: Texture windows of each recording, int64 [recordings].

    Raises:
        ConfigError: `window_s` is too short for a texture.
        PairError: With `strict`, excerpts cannot be used; they are named together.
    """

    HOP_S = HOP_S
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
        level: str = "rms",
        bandwidths_hz: Sequence[float | None] = (),
        cache: Path | None = None,
        hashed: HashFiles | None = None,
        strict: bool = True,
        progress: Callable[[int], None] | None = None,
    ):
        self.audio = audio
        self.window_s = window_s
        self.envelope = envelope
        reader = RecordingReader(
            audio=audio, clip_s=clip_s, window_s=window_s, envelope=envelope, fade_s=fade_s, level=level
        )
        known = bandwidths_hz or (None,) * len(excerpts)
        self.bad: dict[Excerpt, str] = {}
        asked = list(zip(excerpts, known, strict=True))
        self._hold(_read_all(reader, asked, cache, hashed, self.bad, progress))
        if strict:
            refuse_if_any(list(self.bad.values()), what="recordings", total=len(excerpts))

    @classmethod
    def holding(
        cls,
        recordings: Sequence[Recording],
        *,
        audio: AudioConfig,
        window_s: float,
        envelope: SpectralEnvelope | None,
    ) -> "SoundBank":
        """Make a bank of recordings that were read before."""
        bank = object.__new__(cls)
        bank.audio, bank.window_s, bank.envelope, bank.bad = audio, window_s, envelope, {}
        bank._hold(recordings)
        return bank

    def _hold(self, recordings: Sequence[Recording]) -> None:
        self.recordings = recordings
        if isinstance(recordings, KeptRecordings):
            self.lengths, self.windows = recordings.sizes()
        else:
            sizes = [(len(r.samples), len(r.textures)) for r in recordings]
            self.lengths, self.windows = np.array(sizes, dtype=np.int64).reshape(-1, 2).T

    def only(self, chosen: Sequence[int], *, longest_s: float | None = None) -> "SoundBank":
        """Keep some recordings, in this order.

        Args:
            chosen: Their numbers.
            longest_s: Cut what is longer, in seconds; None cuts nothing.
        """
        part = SoundBank.holding(
            _chosen(self.recordings, chosen),
            audio=self.audio,
            window_s=self.window_s,
            envelope=self.envelope,
        )
        if longest_s is not None and (part.lengths > longest_s * self.audio.sample_rate).any():
            part._hold([self._shortened(recording, longest_s) for recording in part.recordings])
        return part

    def _shortened(self, recording: Recording, longest_s: float) -> Recording:
        samples = recording.samples[: round(longest_s * self.audio.sample_rate)]
        windows = max(1, 1 + int((len(samples) / self.audio.sample_rate - self.window_s) / HOP_S))
        knots = 0 if self.envelope is None else 1 + len(samples) // self.envelope.step
        return Recording(
            recording.path,
            samples,
            recording.textures[:windows],
            recording.levels[:windows],
            recording.spectra[:knots],
            recording.width,
        )

    @property
    def duration_s(self) -> float:
        """Seconds of sound in all."""
        return int(self.lengths.sum()) / self.audio.sample_rate

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
        window = min(max(round(middle / HOP_S), 0), len(recording.textures) - 1)
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
        part = spectra[round(window * HOP_S * knots_per_s) :][:count]
        stretch = torch.cat([part, part.new_zeros(count - len(part), part.shape[1])])
        return stretch, torch.arange(count) < len(part)


def _read_all(
    reader: RecordingReader,
    excerpts: Sequence[tuple[Excerpt, float | None]],
    cache: Path | None,
    hashed: HashFiles | None,
    bad: dict[Excerpt, str],
    progress: Callable[[int], None] | None,
) -> Sequence[Recording]:
    """Read what can be read, from the cache or from its file, and say what is wrong with the rest."""
    if cache is not None:
        with cache_errors(cache), RecordingStore(cache, reader, hashed=hashed) as store:
            store.expect(excerpts)
            _each(store.add, excerpts, bad, progress)
        return store.recordings
    found: list[Recording] = []
    _each(lambda *excerpt: found.append(reader.read(*excerpt)), excerpts, bad, progress)
    return found


def _each(
    take: Callable[[Excerpt, float | None], None],
    excerpts: Sequence[tuple[Excerpt, float | None]],
    bad: dict[Excerpt, str],
    progress: Callable[[int], None] | None,
) -> None:
    for excerpt, bandwidth_hz in excerpts:
        try:
            take(excerpt, bandwidth_hz)
        except MediaError as error:
            bad[excerpt] = str(error)
        if progress is not None:
            progress(1)


def _chosen(recordings: Sequence[Recording], chosen: Sequence[int]) -> Sequence[Recording]:
    if isinstance(recordings, KeptRecordings):
        return recordings.only(chosen)
    return [recordings[index] for index in chosen]


def refuse_if_any(bad: Sequence[str], *, what: str, total: int) -> None:
    """Report together all files that cannot be used; `bad` says what is wrong with each of them."""
    if bad:
        listed = "; ".join(text.removesuffix(".") for text in bad)
        raise PairError(f"{len(bad)} of {total} {what} cannot be used: {listed}.")
