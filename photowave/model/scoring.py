"""What clips cost a model, in bits per sample: training and evaluation score alike."""

import torch
from torch import Tensor

from photowave.model.envelope import EnvelopeClip
from photowave.model.model import PhotowaveModel


def follow(
    model: PhotowaveModel, vector: Tensor, around: EnvelopeClip, *, steps: int, heard: Tensor | None = None
) -> Tensor:
    """Make what conditions the decoder while it scores clips of `steps` frames: [batch, steps, channels].

    It is the track that follows the clips' own envelopes, or what is `heard` in their place, such as noisy
    components [batch, knots, components]. A model without an envelope takes the conditioner's vectors.
    """
    envelope = model.envelope
    if envelope is None:
        return vector
    knots = torch.arange(steps, device=vector.device) * (envelope.knots_per_s / model.config.audio.frame_rate)
    heard = envelope.frames(around.spectra) if heard is None else heard
    return envelope.track(vector, heard, around.place[:, None] + knots)


def bits_per_sample(
    model: PhotowaveModel, frames: Tensor, conditioning: Tensor, *, history: Tensor | None = None
) -> Tensor:
    """Score clips with the decoder, as `WaveNet.score` does: bits per sample, [batch]."""
    log2_prob = model.wavenet.score(frames, conditioning, history=history)
    return -log2_prob.mean(1) / model.codec.bands


def bits_in_all(model: PhotowaveModel, frames: Tensor, vector: Tensor, around: EnvelopeClip) -> Tensor:
    """Score clips, and the envelopes that the decoder is told of them: bits per sample of sound, [batch].

    What a coder would send: first the components of the envelope, as if they were 16-bit samples, then the
    sound given these. So a model cannot score better by being told more.
    """
    bits = bits_per_sample(model, frames, follow(model, vector, around, steps=frames.shape[1]))
    if model.envelope is None or model.spectra is None:
        return bits
    return bits + model.envelope.bits(vector, around) / model.spectra.step
