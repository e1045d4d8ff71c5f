"""Log-mel spectrograms as pictures, to look at what one cannot hear."""

import torch
import torchaudio
from PIL import Image
from torch import Tensor

from photowave.audio.magma import magma


def spectrogram_db(samples: Tensor, sample_rate: int) -> Tensor:
    """Log-mel spectrogram in dB below its peak, -70 to 0, [mels, frames]; a hop lasts 10 ms."""
    n_fft = 2 ** max(9, round(sample_rate * 0.064).bit_length())
    transform = torchaudio.transforms.MelSpectrogram(
        sample_rate, n_fft=n_fft, win_length=n_fft // 2, hop_length=max(1, sample_rate // 100), n_mels=128
    )
    db = 10 * torch.log10(transform(samples) + 1e-10)
    return (db - db.max()).clamp_min(-70.0)


def spectrogram_image(
    samples: Tensor, sample_rate: int, *, width: int = 600, height: int = 200
) -> Image.Image:
    """Draw the spectrogram, low frequencies at the bottom, loud parts bright; silence is dark."""
    db = spectrogram_db(samples, sample_rate)
    share = (db / db.min().clamp_max(-1e-3)).neg().add(1.0).flip(0)
    if not bool(samples.any()):
        # All its bands stand at their peak, which says nothing: there is none.
        share = torch.zeros_like(share)
    return Image.fromarray(magma(share.numpy())).resize((width, height), Image.Resampling.BILINEAR)
