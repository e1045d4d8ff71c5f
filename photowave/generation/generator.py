"""The whole way from photos to soundscapes, for Python, notebooks and the command line."""

import math
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from torch import Tensor

from photowave import checkpoint
from photowave._version import __version__
from photowave.checkpoint import LoadedModel
from photowave.errors import CheckpointError, ConfigError
from photowave.generation.packing import pack
from photowave.generation.randomness import UniformStream
from photowave.generation.sampler import CachedSampler
from photowave.generation.soundscape import Soundscape
from photowave.generation.torch_sampler import TorchSampler
from photowave.image import PhotoEncoder, PhotoSource, build_encoder, photo_sha256, read_photo

CHUNK_S = 0.25
"""Seconds drawn between two calls of `progress`."""
_TEXTURE = 1
"""Purpose of the random stream that chooses among textures; the frames have purpose 0."""


class SoundscapeGenerator:
    """A model ready to draw.

    Args:
        loaded: The model; see `load`.
        device: Where to draw: `cpu` (compiled code) or a torch device such as `cuda`.
    """

    def __init__(self, loaded: LoadedModel, *, device: str = "cpu"):
        self.loaded = loaded
        self.device = torch.device(device)
        self.model = loaded.model.to(self.device)
        self._packed = pack(self.model.wavenet) if self.device.type == "cpu" else None
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
        temperature: float = 1.0,
        guidance: float = 1.0,
    ) -> Soundscape:
        """Draw one soundscape.

        Args:
            photo: A path, bytes, a binary file object or a `PIL.Image`.
            duration_s: Length in seconds.
            seed: The same photo, model and seed give the same samples, bit for bit.
            temperature: 1 draws as learned; below 1 calmer, above 1 wilder.
            guidance: 1 draws as learned; above 1 lays more weight on the photo and takes twice the time.

        Raises:
            MediaError: The photo cannot be read.
            ConfigError: A setting is out of range.
            CheckpointError: The photo encoder is not the one the model was trained with.
        """
        return self.generate_many(
            [photo], duration_s=duration_s, seed=seed, temperature=temperature, guidance=guidance
        )[0]

    def generate_many(
        self,
        photos: Sequence[PhotoSource],
        *,
        duration_s: float = 5.0,
        seed: int = 0,
        temperature: float = 1.0,
        guidance: float = 1.0,
        threads: int | None = None,
        progress: Callable[[float], None] | None = None,
    ) -> list[Soundscape]:
        """Draw soundscapes for several photos together, which is quicker and changes no sample.

        Args:
            photos: See `generate`.
            duration_s: See `generate`.
            seed: See `generate`; every photo gets the same one.
            temperature: See `generate`.
            guidance: See `generate`.
            threads: Threads to draw with; None: one per core.
            progress: Called with the seconds of sound just drawn, summed over the photos.

        Raises:
            MediaError: A photo cannot be read.
            ConfigError: A setting is out of range.
            CheckpointError: The photo encoder is not the one the model was trained with.
        """
        check_options(duration_s=duration_s, seed=seed, temperature=temperature, guidance=guidance)
        if not photos:
            return []
        began = time.perf_counter()
        images = [read_photo(photo) for photo in photos]
        hashes = [photo_sha256(photo) if _can_be_read_again(photo) else photo_sha256(image)
                  for photo, image in zip(photos, images, strict=True)]  # fmt: skip
        features = self.encoder.encode(images).to(self.device)
        chance = torch.full((len(images),), float(UniformStream(seed, purpose=_TEXTURE).take(1)[0]))
        with torch.no_grad():
            # One by one: a product over several rows may round differently.
            rows = zip(features, chance.to(self.device), strict=True)
            vectors = torch.cat([self.model.conditioner.photo_vector(f[None], u[None]) for f, u in rows])
        samples = self.draw(
            vectors,
            duration_s=duration_s,
            seeds=[seed] * len(images),
            temperature=temperature,
            guidance=guidance,
            threads=threads,
            progress=progress,
        )
        taken = time.perf_counter() - began
        info = {
            "seed": seed,
            "temperature": temperature,
            "guidance": guidance,
            "duration_s": duration_s,
            "sample_rate": self.sample_rate,
            "model_sha256": self.loaded.sha256,
            "seconds_taken": taken / len(images),
            "real_time_factor": taken / (len(images) * duration_s),
            "photowave_version": __version__,
        }
        return [
            Soundscape(row.numpy(), self.sample_rate, image, {"photo_sha256": digest, **info})
            for row, image, digest in zip(samples, images, hashes, strict=True)
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
            vectors: [sounds, conditioning].
            duration_s: Length in seconds.
            seeds: A seed for each sound.
            temperature: See `generate`.
            guidance: See `generate`.
            threads: See `generate_many`.
            progress: See `generate_many`.

        Returns:
            Samples within -1 to 1, float32 [sounds, time].
        """
        codec = self.model.codec
        count = round(duration_s * self.sample_rate)
        steps = math.ceil((count + codec.delay) / codec.bands)
        sampler = self._sampler(vectors, seeds, temperature, guidance, threads)
        chunk = max(1, round(CHUNK_S * self.sample_rate / codec.bands))
        state, parts = None, []
        for first in range(0, steps, chunk):
            size = min(chunk, steps - first)
            part, state = codec.decode(sampler.draw(size), state)
            parts.append(part.float())
            if progress is not None:
                progress(size * codec.bands / self.sample_rate * len(vectors))
        samples = torch.cat(parts, 1)[:, codec.delay : codec.delay + count]
        peaks = samples.abs().amax(1, keepdim=True)
        return samples * (0.99 / peaks.clamp_min(0.99))

    def warm_up(self) -> None:
        """Draw one frame and drop it: compiles the sampler, or loads it if it was compiled before."""
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
    ) -> CachedSampler | TorchSampler:
        wavenet, null = self.model.wavenet, self.model.conditioner.null.detach()
        if self._packed is not None:
            return CachedSampler(
                wavenet, self._packed, vectors=vectors, seeds=seeds, temperature=temperature,
                guidance=guidance, null=null, threads=threads,
            )  # fmt: skip
        return TorchSampler(
            wavenet, vectors=vectors, seeds=seeds, temperature=temperature, guidance=guidance, null=null
        )


def load(model: str | Path = "default", *, device: str = "cpu") -> SoundscapeGenerator:
    """Load a model to draw with.

    Args:
        model: `default`, the one that ships inside the package, or a model file.
        device: `cpu`, or a torch device such as `cuda`.

    Raises:
        CheckpointError: The file is missing, damaged, foreign or of another version.
    """
    path = checkpoint.default_model_path() if model == "default" else Path(model)
    return SoundscapeGenerator(checkpoint.load_model(path), device=device)


def check_options(*, duration_s: float, seed: int, temperature: float, guidance: float) -> None:
    """Check what a user may set for drawing.

    Raises:
        ConfigError: A setting is out of range.
    """
    if not (math.isfinite(duration_s) and 0.0 < duration_s <= 3600.0):
        raise ConfigError(f"duration_s={duration_s:g}: must be above 0 and at most 3600 seconds. Common: 5.")
    if not (math.isfinite(temperature) and 0.0 < temperature <= 10.0):
        raise ConfigError(f"temperature={temperature:g}: must be above 0 and at most 10. 1 draws as learned.")
    if not (math.isfinite(guidance) and 0.0 <= guidance <= 20.0):
        raise ConfigError(f"guidance={guidance:g}: must lie between 0 and 20. 1 draws as learned.")
    if seed < 0:
        raise ConfigError(f"seed={seed}: must be 0 or more. Drop the minus sign.")


def _can_be_read_again(photo: PhotoSource) -> bool:
    return isinstance(photo, str | Path | bytes)
