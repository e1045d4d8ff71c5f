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
from photowave.audio import limit_peaks
from photowave.checkpoint import LoadedModel
from photowave.errors import CheckpointError, ConfigError
from photowave.generation.drawing import Sampler, build_sampler, pack_model
from photowave.generation.options import check_options
from photowave.generation.randomness import UniformStream
from photowave.generation.reading import PhotoReading, photo_seed, small
from photowave.generation.soundscape import Soundscape
from photowave.image import PhotoEncoder, PhotoSource, build_encoder, photo_sha256, read_photo
from photowave.image.source import photo_bytes

CHUNK_S = 0.25
"""Seconds drawn between two calls of `progress`."""
_TEXTURE = 1
"""Purpose of the random stream that chooses among textures; see `drawing.ENVELOPE`."""


class SoundscapeGenerator:
    """A model ready to draw.

    Args:
        loaded: The model; see `load`.
        device: Where to draw: `cpu` (compiled code) or a torch device such as `cuda`.

    Raises:
        ConfigError: The device is not there.
    """

    def __init__(self, loaded: LoadedModel, *, device: str = "cpu"):
        self.loaded = loaded
        try:
            self.device = torch.device(device)
            self.model = loaded.model.to(self.device)
        except (RuntimeError, AssertionError) as error:
            reason = str(error).splitlines()[0]
            raise ConfigError(f"device={device!r}: cannot be used ({reason}). Use 'cpu'.") from error
        self._packed = pack_model(self.model) if self.device.type == "cpu" else {}
        self._encoder: PhotoEncoder | None = None

    @property
    def sample_rate(self) -> int:
        """Samples per second, in Hz."""
        return self.model.sample_rate

    def generate(
        self,
        photo: PhotoSource,
        *,
        duration_s: float = 5.0,
        seed: int = 0,
        variation: int = 0,
        temperature: float = 1.0,
        guidance: float = 1.0,
    ) -> Soundscape:
        """Draw one soundscape.

        Args:
            photo: A path, bytes, a binary file object or a `PIL.Image`.
            duration_s: Length in seconds.
            seed: The same photo, model and settings give the same samples, bit for bit; another seed gives
                another take of the same kind of sound.
            variation: Another number lets the photo choose anew among the textures that fit it.
            temperature: 1 draws as learned; below 1 calmer, above 1 wilder.
            guidance: 1 draws as learned; above 1 lays more weight on the photo and takes twice the time.

        Returns:
            The sound, with what it was made from in `info`.

        Raises:
            MediaError: The photo cannot be read.
            ConfigError: A setting is out of range.
            CheckpointError: The photo encoder is not the one the model was trained with.
        """
        return self.generate_many(
            [photo],
            duration_s=duration_s,
            seed=seed,
            variation=variation,
            temperature=temperature,
            guidance=guidance,
        )[0]

    def generate_many(
        self,
        photos: Sequence[PhotoSource],
        *,
        duration_s: float = 5.0,
        seed: int = 0,
        variation: int = 0,
        temperature: float = 1.0,
        guidance: float = 1.0,
        threads: int | None = None,
        progress: Callable[[float], None] | None = None,
    ) -> list[Soundscape]:
        """Draw soundscapes for several photos together, which is quicker and changes no sample.

        Args:
            photos: See `generate`.
            duration_s: See `generate`.
            seed: See `generate`.
            variation: See `generate`.
            temperature: See `generate`.
            guidance: See `generate`.
            threads: Threads to draw with; None: one per core.
            progress: Called with the seconds of sound just drawn, summed over the photos.

        Returns:
            A sound for each photo, in their order.

        Raises:
            MediaError: A photo cannot be read.
            ConfigError: A setting is out of range.
            CheckpointError: The photo encoder is not the one the model was trained with.
        """
        if isinstance(photos, str | bytes | Path | Image.Image):
            raise ConfigError("photos is a single photo; it must be a list. Use [photo], or 'generate'.")
        check_options(
            duration_s=duration_s, seed=seed, variation=variation, temperature=temperature, guidance=guidance
        )
        self.encoder  # noqa: B018 - built before the clock starts
        began = time.perf_counter()
        readings = [self.read(photo, seed=seed, variation=variation) for photo in photos]
        return self.generate_read(
            readings,
            duration_s=duration_s,
            temperature=temperature,
            guidance=guidance,
            threads=threads,
            progress=progress,
            info={"seed": seed, "variation": variation},
            spent_s=time.perf_counter() - began,
        )

    def read(self, photo: PhotoSource, *, seed: int, variation: int = 0) -> PhotoReading:
        """Read a photo into what drawing needs of it; the large picture is let go.

        Args:
            photo: See `generate`.
            seed: See `generate`.
            variation: See `generate`.

        Returns:
            Vector, seed, hash and a small picture.

        Raises:
            MediaError: The photo cannot be read.
            CheckpointError: The photo encoder is not the one the model was trained with.
        """
        again = photo if isinstance(photo, str | Path | bytes | Image.Image) else photo_bytes(photo)
        image = read_photo(again)
        vector = self.photo_vectors([image], seeds=[photo_seed(image, seed=variation)])[0]
        return PhotoReading(vector, photo_seed(image, seed=seed), photo_sha256(again), small(image))

    def generate_read(
        self,
        readings: Sequence[PhotoReading],
        *,
        duration_s: float = 5.0,
        temperature: float = 1.0,
        guidance: float = 1.0,
        threads: int | None = None,
        progress: Callable[[float], None] | None = None,
        info: Mapping[str, Any] | None = None,
        spent_s: float = 0.0,
    ) -> list[Soundscape]:
        """Draw soundscapes for photos that have been read; see `read`.

        Args:
            readings: The photos.
            duration_s: See `generate`.
            temperature: See `generate`.
            guidance: See `generate`.
            threads: See `generate_many`.
            progress: See `generate_many`.
            info: What else to note in each sound's `info`.
            spent_s: Seconds already spent on reading these photos; counted in `seconds_taken`.

        Returns:
            A sound for each photo, in their order.

        Raises:
            ConfigError: A setting is out of range.
        """
        check_options(duration_s=duration_s, temperature=temperature, guidance=guidance, threads=threads)
        if not readings:
            return []
        began = time.perf_counter() - spent_s
        samples = self.draw(
            torch.stack([reading.vector for reading in readings]),
            duration_s=duration_s,
            seeds=[reading.seed for reading in readings],
            temperature=temperature,
            guidance=guidance,
            threads=threads,
            progress=progress,
        )
        taken = (time.perf_counter() - began) / len(readings)
        common = {
            **(info or {}),
            "temperature": temperature,
            "guidance": guidance,
            "duration_s": duration_s,
            "sample_rate": self.sample_rate,
            "model_sha256": self.loaded.sha256,
            "seconds_taken": taken,
            "real_time_factor": taken / duration_s,
            "photowave_version": __version__,
        }
        return [
            Soundscape(
                row.numpy(), self.sample_rate, reading.picture, {"photo_sha256": reading.sha256, **common}
            )
            for row, reading in zip(samples, readings, strict=True)
        ]

    def draw(
        self,
        vectors: Tensor,
        *,
        duration_s: float,
        seeds: Sequence[int],
        temperature: float = 1.0,
        guidance: float = 1.0,
        threads: int | None = None,
        progress: Callable[[float], None] | None = None,
    ) -> Tensor:
        """Draw sounds for conditioning vectors.

        Args:
            vectors: [sounds, conditioning], or where the model has no envelope the knots of tracks
                [sounds, knots, conditioning].
            duration_s: Length in seconds.
            seeds: A seed for each sound.
            temperature: See `generate`.
            guidance: See `generate`.
            threads: See `generate_many`.
            progress: See `generate_many`.

        Returns:
            Samples within -1 to 1, float32 on the CPU, [sounds, round(duration_s * sample_rate)].

        Raises:
            ConfigError: Not even one sample fits into `duration_s`, or it is longer than the clip that the
                model knows; or guidance is asked of a model trained without conditioning dropout.
        """
        count = self._count(duration_s)
        sampler = self._sampler(vectors, seeds, temperature, guidance, threads)
        parts = []
        for part in self._chunks(sampler, count, chunk_s=CHUNK_S):
            parts.append(part)
            if progress is not None:
                progress(part.numel() / self.sample_rate)
        return torch.cat(parts, 1)

    def stream(
        self,
        photo: PhotoSource,
        *,
        chunk_s: float = CHUNK_S,
        duration_s: float | None = None,
        seed: int = 0,
        variation: int = 0,
        temperature: float = 1.0,
        guidance: float = 1.0,
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

        Yields:
            Samples within -1 to 1, float32 [time]; together they are what `generate` gives.

        Raises:
            MediaError: The photo cannot be read.
            ConfigError: A setting is out of range.
            CheckpointError: The photo encoder is not the one the model was trained with.
        """
        length_s = 1.0 if duration_s is None else duration_s
        check_options(
            duration_s=length_s, seed=seed, variation=variation, temperature=temperature, guidance=guidance
        )
        if not (math.isfinite(chunk_s) and chunk_s > 0.0):
            raise ConfigError(f"chunk_s={chunk_s:g}: must be above 0 seconds. Common: 0.25.")
        image = read_photo(photo)
        vectors = self.photo_vectors([image], seeds=[photo_seed(image, seed=variation)])
        sampler = self._sampler(vectors, [photo_seed(image, seed=seed)], temperature, guidance, 1)
        endless = duration_s is None and self.model.conditioner.longest_s is None
        count = None if endless else self._count(math.inf if duration_s is None else duration_s)
        return (part[0].numpy() for part in self._chunks(sampler, count, chunk_s=chunk_s))

    def photo_vectors(self, images: Sequence[Image.Image], *, seeds: Sequence[int]) -> Tensor:
        """Read photos into conditioning: [photos, conditioning], or tracks [photos, knots, conditioning].

        Args:
            images: Upright RGB photos.
            seeds: A seed for each photo, for what the conditioning leaves to chance.

        Raises:
            CheckpointError: The photo encoder is not the one the model was trained with.
        """
        return self.feature_vectors(self.encoder.encode(images), seeds=seeds)

    def feature_vectors(self, features: Tensor, *, seeds: Sequence[int]) -> Tensor:
        """Do the same as `photo_vectors` for photos whose features are known.

        Args:
            features: Features of the model's photo encoder, [photos, features].
            seeds: See `photo_vectors`.
        """
        features = features.to(self.device)
        chances = [float(UniformStream(seed, purpose=_TEXTURE).take(1)[0]) for seed in seeds]
        uniforms = torch.tensor(chances, device=self.device)
        rows = zip(torch.split(features, 1), torch.split(uniforms, 1), strict=True)
        with torch.no_grad():
            # One by one: a product over several rows may round differently.
            return torch.cat([self.model.conditioner.photo_vector(row, chance) for row, chance in rows])

    def _count(self, duration_s: float) -> int:
        """Samples in a duration; at least one, and no more than the conditioning lasts."""
        longest_s = self.model.conditioner.longest_s
        if longest_s is not None and duration_s > longest_s:
            raise ConfigError(
                f"duration_s={duration_s:g}: this model plays one clip of {longest_s:g} s. Ask for no more."
            )
        count = round(duration_s * self.sample_rate)
        if count < 1:
            raise ConfigError(
                f"duration_s={duration_s:g}: is shorter than one sample at {self.sample_rate} Hz. Common: 5."
            )
        return count

    def _chunks(self, sampler: Sampler, count: int | None, *, chunk_s: float) -> Iterator[Tensor]:
        """Draw `count` samples (None: without end) in pieces [sounds, time], the codec's delay cut off."""
        codec = self.model.codec
        size = max(1, round(chunk_s * self.sample_rate / codec.bands))
        state, late, given = None, codec.delay, 0
        while count is None or given < count:
            left = size if count is None else math.ceil((count + late - given) / codec.bands)
            frames = sampler.draw(min(size, left)).to(self.device)
            part, state = codec.decode(frames, state)
            late, part = max(0, late - part.shape[1]), part[:, late:]
            part = part if count is None else part[:, : count - given]
            given += part.shape[1]
            if part.shape[1]:
                yield limit_peaks(part.float().cpu())

    def warm_up(self) -> None:
        """Build the encoder, draw one frame and drop it: compiles the sampler, or loads what was compiled."""
        self.encoder  # noqa: B018
        self.draw(self.model.conditioner.null.detach()[None], duration_s=1 / self.sample_rate, seeds=[0])

    @property
    def encoder(self) -> PhotoEncoder:
        """The photo encoder, built when first needed."""
        if self._encoder is None:
            encoder = build_encoder(self.model.config.image)
            if encoder.fingerprint != self.loaded.encoder_fingerprint:
                raise CheckpointError(
                    f"{self.loaded.path.name} was trained with another photo encoder (fingerprint "
                    f"{self.loaded.encoder_fingerprint[:12]}, here {encoder.fingerprint[:12]}). "
                    "Install the encoder weights it was trained with, or train the model again."
                )
            self._encoder = encoder
        return self._encoder

    def _sampler(
        self, vectors: Tensor, seeds: Sequence[int], temperature: float, guidance: float, threads: int | None
    ) -> Sampler:
        if guidance != 1.0 and self.model.config.conditioning.dropout == 0.0:
            raise ConfigError(
                f"guidance={guidance:g}: this model was trained without conditioning dropout and knows no "
                "sound without its conditioning. Use 1."
            )
        return build_sampler(
            self.model, self._packed, vectors=vectors, seeds=seeds, temperature=temperature,
            guidance=guidance, threads=threads,
        )  # fmt: skip
