"""Log-mel spectrograms as pictures, to look at what one cannot hear."""

import torch
import torchaudio
from PIL import Image
from torch import Tensor


def spectrogram_db(samples: Tensor, sample_rate: int, *, mels: int = 128, floor_db: float = 70.0) -> Tensor:
    """Log-mel spectrogram in dB below its peak.

    Args:
        samples: [time].
        sample_rate: In Hz.
        mels: Number of mel bands.
        floor_db: Everything farther below the peak is drawn alike.

    Returns:
        [mels, frames], from -floor_db to 0; a hop is a hundredth of a second.
    """
    n_fft = 2 ** max(9, round(sample_rate * 0.064).bit_length())
    transform = torchaudio.transforms.MelSpectrogram(
        sample_rate, n_fft=n_fft, win_length=n_fft // 2, hop_length=max(1, sample_rate // 100), n_mels=mels
    )
    db = 10 * torch.log10(transform(samples) + 1e-10)
    return (db - db.max()).clamp_min(-floor_db)


def spectrogram_image(
    samples: Tensor, sample_rate: int, *, width: int = 600, height: int = 200
) -> Image.Image:
    """Draw the spectrogram, low frequencies at the bottom, loud parts bright; silence is dark.

    Args:
        samples: [time].
        sample_rate: In Hz.
        width: In pixels.
        height: In pixels.
    """
    from matplotlib import colormaps

    db = spectrogram_db(samples, sample_rate)
    share = (db / db.min().clamp_max(-1e-3)).neg().add(1.0).flip(0)
    if not bool(samples.any()):
        # All its bands stand at their peak, which says nothing: there is none.
        share = torch.zeros_like(share)
    pixels = (colormaps["magma"](share.numpy())[..., :3] * 255).astype("uint8")
    return Image.fromarray(pixels).resize((width, height), Image.Resampling.BILINEAR)
