"""For each texture the envelope around it is kept, of the recording that it was heard in."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from tiny_scenes import tiny_config

from photowave.calibration.calibrate import calibrate
from photowave.generation.samplers import build_sampler, pack_model
from photowave.model import KeptEnvelopes, PhotowaveModel, TextureConditioner
from photowave.settings import DrawSettings, EnvelopeConfig


@torch.no_grad()
def test_the_stretch_of_a_texture_is_that_of_its_window(make_training: Callable[..., Any]) -> None:
    config = replace(
        tiny_config(bands=16, output="spectral", own_bands=8, noise_groups=3),
        envelope=EnvelopeConfig(kind="kept", components=4, hops=1, kept_s=1.0, regions=6),
    )
    config = replace(config, audio=replace(config.audio, taps_per_band=2))
    _, pairs = make_training(config=config, stage=None)
    pairs.setup("fit")
    train = pairs.parts["train"]
    model = PhotowaveModel(config, feature_dim=train.features.shape[1])
    assert calibrate(model, train, seed=0, prior_penalty=1e-3) is None
    envelope, conditioner = model.envelope, model.conditioner
    assert isinstance(envelope, KeptEnvelopes)
    assert isinstance(conditioner, TextureConditioner)
    for entry, texture in enumerate(conditioner.codebook):
        owner, difference = train.bank.nearest(texture[None])
        assert float(difference) < 1e-5
        recording = train.bank.recordings[int(owner)]
        whole, kept = envelope.frames(recording.spectra), envelope.stretch(entry)
        assert len(kept) == round(1.0 * envelope.knots_per_s)
        places = whole.unfold(0, len(kept), 1).transpose(1, 2)
        off = (places - kept.clamp(-1, 1)).abs().amax((1, 2))
        within = whole.abs().amax() < 127 * envelope.SPREAD / envelope.STEPS_PER_SPREAD
        assert not within or float(off.min()) <= envelope.SPREAD / envelope.STEPS_PER_SPREAD
        # The powers beside it are those of the frames at the same place, within rounding.
        assert envelope.regions is not None
        length = len(recording.samples) - len(recording.samples) % config.audio.bands
        powers = envelope.regions.power(model.codec.encode(recording.samples[None, :length])[0]).log()
        told = envelope.log_powers(entry)
        assert told is not None
        at = [
            float((powers[i : i + len(told)] - told[: len(powers) - i]).abs().max())
            for i in range(len(powers))
        ]
        first = int(off.argmin()) * config.audio.frame_rate / envelope.knots_per_s
        near = [value for i, value in enumerate(at) if abs(i - first) <= 1]
        assert not within or min(near) <= envelope.NEPERS_PER_STEP / 2 + 1e-4
    # And what follows a texture's vector follows that stretch.
    vectors = conditioner.entry_vector(torch.tensor([2]))
    sampler = build_sampler(model, pack_model(model), DrawSettings(), vectors=vectors, seeds=[7])
    drawn = sampler._coarse.draw(200)[0]  # type: ignore[union-attr]
    stretch = envelope.stretch(2)
    assert bool((drawn.amin(0) >= stretch.amin(0) - 1e-5).all())
    assert bool((drawn.amax(0) <= stretch.amax(0) + 1e-5).all())
