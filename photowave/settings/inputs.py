"""How sound becomes frames, a photo features, and features the global conditioning vector."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from photowave.settings.checks import require

_BANDS = (1, 2, 4, 8, 16, 24, 32, 64, 128, 256, 512, 1024)


@dataclass(frozen=True, kw_only=True)
class AudioConfig:
    """How sound becomes frames and back."""

    sample_rate: int = 16_000
    """Samples per second of the sound that is modelled and generated, in Hz."""
    rms_dbfs: float = -20.0
    """Level to which every recording is brought on load, in dB relative to full scale."""
    bands: int = 1
    """Bands of the filter bank: one WaveNet step draws so many samples. 1 is the classic WaveNet."""
    taps_per_band: int = 16
    """Length of the filter bank's prototype per band: 2 for the MDCT; ignored with one band."""
    channels: int = 1
    """1 draws mono, 2 stereo as wide as the recordings are (output `spectral`)."""
    texture_mels: int = 40
    """Mel bands whose mean and spread over time make the texture vector."""

    def __post_init__(self) -> None:
        """Check the ranges."""
        require(
            1_000 <= self.sample_rate <= 192_000,
            f"sample_rate={self.sample_rate}: must lie between 1000 and 192000 Hz, such as 16000 or 32000.",
        )
        require(
            -60.0 <= self.rms_dbfs <= -6.0,
            f"rms_dbfs={self.rms_dbfs}: must lie between -60 and -6 dBFS. The default is -20.",
        )
        require(
            self.bands in _BANDS,
            f"bands={self.bands}: must be 1, 2, 4, 8, 16, 24 or 32, or for many narrow ones 64, 128, 256, "
            "512 or 1024. Use 1 for raw samples.",
        )
        taps = self.taps_per_band
        require(
            taps == 2 or (8 <= taps <= 512 and taps % 2 == 0),
            f"taps_per_band={taps}: must be 2, or even and lie in 8 to 512. The default is 16.",
        )
        require(self.channels in (1, 2), f"audio channels={self.channels}: must be 1 or 2.")
        require(
            4 <= self.texture_mels <= 1024,
            f"texture_mels={self.texture_mels}: must lie in 4 to 1024. The default is 40.",
        )

    @property
    def frame_rate(self) -> float:
        """WaveNet steps per second of sound."""
        return self.sample_rate / self.bands

    @property
    def texture_channels(self) -> int:
        """Length of the texture vector: mean and spread of each mel band."""
        return 2 * self.texture_mels


@dataclass(frozen=True, kw_only=True)
class ImageConfig:
    """How a photo becomes features."""

    encoder: str = "efficientnet_lite0"
    """`efficientnet_lite0`, the name of any torchvision classifier such as `resnet18`, or `clip_vit_b_32`,
    `clip_vit_b_16` or `clip_vit_l_14` with a file of weights."""
    weights: str | None = "default"
    """`default`: the pretrained weights (torchvision's are downloaded once); a `.safetensors`, `.pth`,
    `.pth.tar`, `.pt` or `.bin` file; or null for random ones."""
    resolution: int = 320
    """Side of the square the photo is resized to, in pixels."""
    mirror: bool = True
    """Average the features with those of the mirror image."""
    colours: bool = False
    """Add numbers that tell how light and colours lie in the photo."""
    places: str | None = None
    """Table from the encoder's classes to places, which helps to tell places with few photos: `default`, for
    the thousand classes of ImageNet; a CSV file; or null for none."""

    def __post_init__(self) -> None:
        """Check the ranges."""
        require(
            32 <= self.resolution <= 2048,
            f"resolution={self.resolution}: must lie between 32 and 2048 pixels. The default is 320.",
        )


@dataclass(frozen=True, kw_only=True)
class ConditioningConfig:
    """How photo features become the global conditioning vector."""

    kind: Literal["texture", "photo", "position"] = "texture"
    """`texture`: the decoder is conditioned on the texture of its clip, which the photo learns to predict.
    `photo`: trained end to end from photo features. `position`: no photo, but a learned track that tells
    where in a single clip the decoder is."""
    channels: int = 64
    """Length of the conditioning vector that is learned."""
    dropout: float = 0.1
    """Share of the training clips that see the learned null vector instead; needed for guidance."""
    codebook_size: int = 128
    """Texture vectors among which the photo chooses (kind `texture`)."""
    sharpness: float = 2.0
    """Exponent on the photo's probabilities over the codebook before one is drawn; 1 draws as predicted."""
    knot_rates: tuple[int, ...] = (4, 16, 64, 128)
    """Vectors per second of the tables whose rows, side by side and with straight lines in between, make the
    track; each a multiple of the one before (kind `position`)."""
    longest_s: float = 10.0
    """Length of the track, in seconds: that of the longest clip (kind `position`)."""

    def __post_init__(self) -> None:
        """Check the ranges."""
        require(
            self.kind in ("texture", "photo", "position"),
            f"kind={self.kind!r}: must be 'texture', 'photo' or 'position'.",
        )
        require(
            1 <= self.channels <= 4096,
            f"conditioning channels={self.channels}: must lie in 1 to 4096. The default is 64.",
        )
        require(0.0 <= self.dropout < 1.0, f"dropout={self.dropout}: must lie in [0, 1). The default is 0.1.")
        require(
            1 <= self.codebook_size <= 65_536,
            f"codebook_size={self.codebook_size}: must lie in 1 to 65536. The default is 128.",
        )
        require(
            0.0 < self.sharpness <= 1000.0,
            f"sharpness={self.sharpness}: must be above 0 and at most 1000. The default is 2.",
        )
        object.__setattr__(self, "knot_rates", tuple(self.knot_rates))
        rates = self.knot_rates
        require(
            0 < len(rates) <= 16 and rates[0] >= 1 and rates[-1] <= 1000,
            f"knot_rates={rates!r}: must be 1 to 16 rates from 1 to 1000. The default is (4, 16, 64, 128).",
        )
        require(
            all(fine % coarse == 0 for coarse, fine in pairwise(rates)),
            f"knot_rates={rates!r}: each must be a multiple of the one before. Try (4, 16, 64, 128).",
        )
        require(
            self.kind != "position" or self.channels % len(rates) == 0,
            f"conditioning channels={self.channels}: must be a multiple of the {len(rates)} knot_rates, "
            "which share them. Try 32.",
        )
        require(
            0.0 < self.longest_s <= 600.0,
            f"longest_s={self.longest_s}: must be above 0 and at most 600 seconds. The default is 10.",
        )
