"""The whole way from photos to soundscapes, for Python, notebooks and the command line."""

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from photowave._version import __version__
from photowave.audio import WIDTH_BANDS, join
from photowave.checkpoint import LoadedModel
from photowave.errors import ConfigError
from photowave.generation.decoding import Pieces, mix, samples_in, scaled
from photowave.generation.forking import see_to_children
from photowave.generation.holding import LevelHolder
from photowave.generation.one_thread import one_thread
from photowave.generation.reader import PhotoReader
from photowave.generation.reading import PhotoReading, SeenPhoto
from photowave.generation.samplers import Sampler, build_sampler, pack_model
from photowave.generation.soundscape import Soundscape
from photowave.generation.stereo import SideNoise
from photowave.generation.streaming import SoundStream
from photowave.image import PhotoEncoder, PhotoSource
from photowave.settings import DrawSettings, SteerSettings

CHUNK_S = 0.25
"""Seconds drawn between two calls of `progress`."""
LOOP_S = 0.5
"""Seconds over which the end of a loop is faded into its beginning, or half of the sound if it is shorter."""
_DEFAULTS, _UNSTEERED = DrawSettings(), SteerSettings()


class SoundscapeGenerator:
    """A model ready to draw.

    Processes that are forked after one was made calculate with one thread, see `forking`.

    Args:
        loaded: The model; see `load`.
        device: Where to draw: `cpu` (compiled code) or a torch device such as `cuda`.

    Raises:
        ConfigError: The device is not there.
    """

    def __init__(self, loaded: LoadedModel, *, device: str = "cpu"):
        see_to_children()
        self.loaded = loaded
        try:
            self.device = torch.device(device)
            self.model = loaded.model.to(self.device)
        except (RuntimeError, AssertionError) as error:
            told = f"device={device!r}: cannot be used ({str(error).splitlines()[0]}). Use 'cpu'."
            raise ConfigError(told) from error
        self._packed = pack_model(self.model) if self.device.type == "cpu" else {}
        self.reader = PhotoReader(loaded, device=self.device)

    @property
    def sample_rate(self) -> int:
        """Samples per second, in Hz."""
        return self.model.sample_rate

    @property
    def channels(self) -> int:
        """Channels of what is generated, 1 or 2."""
        return self.model.config.audio.channels

    def generate(
        self,
        photo: PhotoSource | None = None,
        *,
        duration_s: float = 5.0,
        seed: int = 0,
        variation: int = 0,
        temperature: float = 1.0,
        guidance: float = 1.0,
        place: str | None = None,
        exclude: str | Sequence[str] = (),
        blend: str | Mapping[str, float] | None = None,
        like: str | Path | None = None,
        loop: bool = False,
    ) -> Soundscape:
        """Draw one soundscape.

        Args:
            photo: A path, bytes, a binary file object or a `PIL.Image`; None with `place`, `blend` or `like`.
            duration_s: Length in seconds.
            seed: The same photo, model and settings give the same samples, bit for bit; another seed gives
                another take of the same kind of sound.
            variation: Another number takes another of the textures that fit the photo, until all were taken.
            temperature: 1 draws as learned; below 1 calmer, above 1 wilder.
            guidance: 1 draws as learned; above 1 lays more weight on the photo and takes twice the time.
            place: See `SteerSettings`, as the next three.
            exclude: Places that are never drawn.
            blend: Shares of places that are mixed.
            like: A recording that is taken instead of a photo.
            loop: The end meets the beginning, so that the sound can be repeated without a seam.

        Returns:
            The sound, with what it was made from in `info`.

        Raises:
            MediaError: The photo cannot be read.
            ConfigError: A setting is out of range, or the model knows no such place.
            CheckpointError: The photo encoder is not the one the model was trained with.
        """
        settings = DrawSettings(
            duration_s=duration_s,
            seed=seed,
            variation=variation,
            temperature=temperature,
            guidance=guidance,
            loop=loop,
        )
        steering = SteerSettings(place=place, exclude=exclude, blend=blend, like=like)
        return self.generate_many([photo], settings, steering)[0]

    def generate_many(
        self,
        photos: Sequence[PhotoSource | None],
        settings: DrawSettings = _DEFAULTS,
        steering: SteerSettings = _UNSTEERED,
        *,
        progress: Callable[[float], None] | None = None,
    ) -> list[Soundscape]:
        """Draw soundscapes for several photos together, which is quicker and changes no sample.

        Args:
            photos: See `generate`.
            settings: How to draw; the same for all photos.
            steering: What overrules the photos.
            progress: Called with the seconds of sound just drawn, summed over the photos.

        Returns:
            A sound for each photo, in their order.

        Raises:
            MediaError: A photo cannot be read.
            ConfigError: `photos` is a single photo, or the model cannot draw like that; see `draw`.
            CheckpointError: The photo encoder is not the one the model was trained with.
        """
        if isinstance(photos, str | bytes | Path | Image.Image):
            raise ConfigError("photos is a single photo; it must be a list. Use [photo], or 'generate'.")
        if any(photo is not None for photo in photos):
            self.encoder  # noqa: B018 - built before the clock starts
        began = time.perf_counter()
        readings = [self.read(photo, settings, steering) for photo in photos]
        spent_s = time.perf_counter() - began
        return self.generate_read(readings, settings, progress=progress, spent_s=spent_s)

    def read(
        self,
        photo: PhotoSource | SeenPhoto | None,
        settings: DrawSettings = _DEFAULTS,
        steering: SteerSettings = _UNSTEERED,
    ) -> PhotoReading:
        """Read a photo into what drawing needs of it; see `PhotoReader.read`."""
        return self.reader.read(photo, settings, steering)

    def generate_read(
        self,
        readings: Sequence[PhotoReading],
        settings: DrawSettings = _DEFAULTS,
        *,
        progress: Callable[[float], None] | None = None,
        spent_s: float = 0.0,
    ) -> list[Soundscape]:
        """Draw soundscapes for photos that have been read; see `read`.

        Args:
            readings: The photos; seed and variation are those that each was read with.
            settings: How to draw; `seed` and `variation` are not used.
            progress: See `generate_many`.
            spent_s: Seconds already spent on reading these photos; counted in `seconds_taken`.

        Returns:
            A sound for each photo, in their order.

        Raises:
            ConfigError: The model cannot draw like that; see `draw`.
        """
        if not readings:
            return []
        began = time.perf_counter() - spent_s
        voices = [voice for reading in readings for voice in reading.voices]
        drawn = self.draw(
            torch.stack([voice.vector for voice in voices]),
            settings,
            seeds=[voice.seed for voice in voices],
            widths=torch.stack([voice.width for voice in voices]) if self.channels == 2 else None,
            progress=scaled(progress, len(readings) / len(voices)),
        )
        samples = mix(drawn, [[voice.share for voice in reading.voices] for reading in readings])
        taken = (time.perf_counter() - began) / len(readings)
        common = {
            **settings.told(),
            **self.told(),
            "seconds_taken": taken,
            "real_time_factor": taken / settings.duration_s,
        }
        return [
            Soundscape(
                row.numpy(),
                self.sample_rate,
                reading.picture,
                {**reading.info(), **common, "seed": reading.seed, "variation": reading.variation},
            )
            for row, reading in zip(samples, readings, strict=True)
        ]

    def draw(
        self,
        vectors: Tensor,
        settings: DrawSettings = _DEFAULTS,
        *,
        seeds: Sequence[int],
        widths: Tensor | None = None,
        progress: Callable[[float], None] | None = None,
    ) -> Tensor:
        """Draw sounds for conditioning vectors.

        Args:
            vectors: [sounds, conditioning], or where the model has no envelope the knots of tracks
                [sounds, knots, conditioning].
            settings: How to draw; `seed` and `variation` are not used.
            seeds: A seed for each sound.
            widths: How wide each sound is, [sounds, WIDTH_BANDS], for two channels; None draws one, the mean
                of the two.
            progress: See `generate_many`.

        Returns:
            Samples within -1 to 1, float32 on the CPU, [sounds, round(duration_s * sample_rate)], or with
            `widths` [sounds, 2, round(duration_s * sample_rate)].

        Raises:
            ConfigError: Not even one sample fits into `duration_s`, or it is longer than the clip that the
                model knows; or guidance is asked of a model trained without conditioning dropout.
        """
        overlap_s = min(LOOP_S, settings.duration_s / 2) if settings.loop else 0.0
        overlap = round(overlap_s * self.sample_rate)
        count = samples_in(settings.duration_s, self.model) + overlap
        if settings.loop:
            samples_in(settings.duration_s + overlap_s, self.model)  # refuses what the conditioning lacks
        sampler = self._sampler(vectors, seeds, settings)
        side = None if widths is None else SideNoise(widths, seeds=seeds, audio=self.model.config.audio)
        parts = []
        with one_thread():
            for part in self._pieces(sampler, count, settings, chunk_s=CHUNK_S, side=side, sounds=len(seeds)):
                parts.append(part)
                if progress is not None:  # what a loop takes beyond its length counts for nothing
                    progress(settings.duration_s * len(part) * part.shape[-1] / count)
        drawn = torch.cat(parts, -1)
        return join(drawn, overlap=overlap) if overlap else drawn

    def stream(
        self,
        photo: PhotoSource | None = None,
        *,
        chunk_s: float = CHUNK_S,
        duration_s: float | None = None,
        seed: int = 0,
        variation: int = 0,
        temperature: float = 1.0,
        guidance: float = 1.0,
        place: str | None = None,
        exclude: str | Sequence[str] = (),
        blend: str | Mapping[str, float] | None = None,
        like: str | Path | None = None,
    ) -> Iterator[NDArray[np.float32]]:
        """Draw one soundscape and give it away piece by piece; memory does not grow with its length.

        Args:
            photo: See `generate`.
            chunk_s: Length of a piece in seconds; it changes no sample.
            duration_s: Length in seconds; None goes on for ever.
            seed: See `generate`.
            variation: See `generate`.
            temperature: See `generate`.
            guidance: See `generate`.
            place: See `generate`.
            exclude: See `generate`.
            blend: See `generate`.
            like: See `generate`.

        Yields:
            Samples within -1 to 1, float32 [time], or [2, time] if the model draws two channels; together
            they are what `generate` gives.

        Raises:
            MediaError: The photo cannot be read.
            ConfigError: A setting is out of range.
            CheckpointError: The photo encoder is not the one the model was trained with.
        """
        settings = DrawSettings(
            duration_s=1.0 if duration_s is None else duration_s,
            seed=seed,
            variation=variation,
            temperature=temperature,
            guidance=guidance,
            threads=1,
        )
        steering = SteerSettings(place=place, exclude=exclude, blend=blend, like=like)
        reading = self.read(photo, settings, steering)
        return self.stream_read(reading, settings, chunk_s=chunk_s, endless=duration_s is None)

    def stream_read(
        self,
        reading: PhotoReading,
        settings: DrawSettings = _DEFAULTS,
        *,
        chunk_s: float = CHUNK_S,
        endless: bool = False,
    ) -> SoundStream:
        """Do what `stream` does, for a photo that has been read; `endless` leaves `duration_s` unheeded."""
        if not (math.isfinite(chunk_s) and chunk_s > 0.0):
            raise ConfigError(f"chunk_s={chunk_s:g}: must be above 0 seconds. Common: 0.25.")
        voices = reading.voices
        seeds = [voice.seed for voice in voices]
        sampler = self._sampler(torch.stack([voice.vector for voice in voices]), seeds, settings)
        side = None
        if self.channels == 2:
            widths = torch.stack([voice.width for voice in voices])
            side = SideNoise(widths, seeds=seeds, audio=self.model.config.audio)
        count = None
        if not endless or self.model.conditioner.longest_s is not None:
            count = samples_in(math.inf if endless else settings.duration_s, self.model)
        shares = [[voice.share for voice in voices]]
        parts = self._pieces(sampler, count, settings, chunk_s=chunk_s, side=side, sounds=len(seeds))
        return SoundStream(parts, shares, sampler, frames=self._frames(chunk_s))

    def told(self) -> dict[str, Any]:
        """Tell of the model what stands in the description of a sound, as plain values."""
        return {
            "sample_rate": self.sample_rate,
            "channels": self.channels,
            "model_sha256": self.loaded.sha256,
            "photowave_version": __version__,
        } | ({} if self.device.type == "cpu" else {"device": str(self.device)})

    def feature_vectors(self, features: Tensor, *, seeds: Sequence[int]) -> Tensor:
        """Turn photos whose features are known into conditioning, without anything that steers it.

        Args:
            features: Features of the model's photo encoder, [photos, features].
            seeds: A seed for each photo, for what the conditioning leaves to chance.

        Returns:
            [photos, conditioning], or tracks [photos, knots, conditioning].
        """
        rows = torch.split(features.to(self.device), 1)
        with torch.no_grad():
            # One by one: a product over several rows may round differently.
            choose, chances = self.model.conditioner.photo_vector, self.reader.chances
            return torch.cat([choose(row, chances(seed, 1)) for row, seed in zip(rows, seeds, strict=True)])

    def _pieces(
        self,
        sampler: Sampler,
        count: int | None,
        settings: DrawSettings,
        *,
        chunk_s: float,
        side: SideNoise | None,
        sounds: int,
    ) -> Pieces:
        """Draw `count` samples (None: without end) in pieces of `chunk_s` seconds."""
        codec, audio, frames = self.model.codec, self.model.config.audio, self._frames(chunk_s)
        holder = None
        if (settings.temperature, settings.guidance) != (1.0, 1.0):  # as learned, it is as loud as its place
            holder = LevelHolder(sounds, usual_dbfs=audio.rms_dbfs, sample_rate=self.sample_rate)
        return Pieces(codec, sampler, count, frames=frames, side=side, device=self.device, holder=holder)

    def _frames(self, chunk_s: float) -> int:
        return max(1, round(chunk_s * self.sample_rate / self.model.codec.bands))

    def warm_up(self) -> None:
        """Build the encoder, draw one frame and drop it: compiles the sampler, or loads what was compiled."""
        self.encoder  # noqa: B018
        shortest = DrawSettings(duration_s=1 / self.sample_rate)
        widths = torch.zeros(1, WIDTH_BANDS) if self.channels == 2 else None
        self.draw(self.model.conditioner.null.detach()[None], shortest, seeds=[0], widths=widths)

    @property
    def encoder(self) -> PhotoEncoder:
        """The photo encoder, built when first needed."""
        return self.reader.encoder

    def _sampler(self, vectors: Tensor, seeds: Sequence[int], settings: DrawSettings) -> Sampler:
        if settings.guidance != 1.0 and self.model.config.conditioning.dropout == 0.0:
            raise ConfigError(
                f"guidance={settings.guidance:g}: this model was trained without conditioning dropout and "
                "knows no sound without its conditioning. Use 1."
            )
        return build_sampler(self.model, self._packed, settings, vectors=vectors, seeds=seeds)
