"""What is usual: the texture of a training sound tells how loud its cells are."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from tiny_scenes import RATE, tiny_config

from photowave.audio import SpectralEnvelope
from photowave.calibration.calibrate import calibrate
from photowave.model import PhotowaveModel, build_spectra
from photowave.pairs.split_data import SplitData
from photowave.settings import ModelConfig
from photowave.wavenet import SpectralOutput


@pytest.fixture
def train(make_training: Callable[..., Any]) -> SplitData:
    """The training split of the tiny scenes."""
    _, pairs = make_training(stage=None, data={"cache": False})  # recordings that may be changed
    pairs.setup("fit")
    split: SplitData = pairs.parts["train"]
    return split


def narrow(config: ModelConfig) -> ModelConfig:
    """The same settings with a spectral output over 16 bands."""
    audio = replace(config.audio, bands=16, taps_per_band=2)
    wavenet = replace(config.wavenet, output="spectral", own_bands=8, noise_groups=3)
    return replace(config, audio=audio, wavenet=wavenet)


def replace_spectra(train: SplitData, spectra: SpectralEnvelope) -> SplitData:
    """The same split with the envelopes of its recordings."""
    recordings = train.bank.recordings
    recordings[:] = [replace(r, spectra=spectra(r.samples[None])[0]) for r in recordings]
    train.bank.envelope = spectra
    return train


def calibrated(train: SplitData, config: ModelConfig) -> PhotowaveModel:
    """A model that was measured on a split."""
    model = PhotowaveModel(config, feature_dim=train.features.shape[1])
    calibrate(model, train, seed=0, prior_penalty=1e-3)
    return model


@torch.no_grad()
def test_the_texture_of_a_training_sound_tells_how_loud_its_cells_are(train: SplitData) -> None:
    model = calibrated(train, narrow(tiny_config()))
    output = model.wavenet.output
    assert isinstance(output, SpectralOutput)
    off, found = [], []
    for recording in train.bank.recordings:
        window = round(train.bank.window_s * model.sample_rate)
        samples = recording.samples[: min(window, len(recording.samples)) // 16 * 16]
        loudness = output.loudness(model.codec.encode(samples[None])[0]).mean(0)
        vector = model.conditioner.training_vector(torch.zeros(1), recording.textures[:1])
        told = model.wavenet.usual(vector)
        assert told is not None
        off.append((told[0] - loudness).square())
        found.append(loudness)
    apart = (torch.stack(found) - torch.stack(found).mean(0)).square()
    # Little of what tells the recordings apart is left over.
    assert float(torch.stack(off).mean()) < 0.1 * float(apart.mean())


@torch.no_grad()
def test_without_textures_the_mean_is_usual_whatever_the_photo(train: SplitData) -> None:
    config = narrow(tiny_config())
    config = replace(config, conditioning=replace(config.conditioning, kind="photo"))
    model = calibrated(train, config)
    vectors = model.conditioner.training_vector(train.features[:3], torch.zeros(3, 1))
    told = model.wavenet.usual(vectors)
    assert told is not None
    assert bool((told[0] != 0).all())
    torch.testing.assert_close(told, told[:1].expand_as(told), rtol=0, atol=0)


@torch.no_grad()
def test_before_anything_is_learned_a_louder_texture_is_drawn_louder(train: SplitData) -> None:
    model = calibrated(train, narrow(tiny_config()))
    output = model.wavenet.output
    assert isinstance(output, SpectralOutput)
    textures = train.bank.recordings[0].textures[:1].repeat(2, 1)
    textures[1, :4] += 1.0  # one neper of power in every mel band
    vectors = model.conditioner.training_vector(torch.zeros(2), textures)
    parameters, _ = model.wavenet(torch.zeros(2, 1, 16), vectors)
    softer, louder = output.split(parameters[:, 0])[1].mean(1)
    assert 0.2 < float((louder - softer).mean()) < 0.8


@torch.no_grad()
def test_the_envelope_of_a_recording_tells_which_cells_are_loud_and_when(train: SplitData) -> None:
    config = narrow(tiny_config(components=4))
    for recording in train.bank.recordings:  # half a second of each is a tenth as loud
        recording.samples[1_000:3_000] *= 0.1
    spectra = build_spectra(config)
    bank = replace_spectra(train, spectra)
    model = calibrated(bank, config)
    envelope, output = model.envelope, model.wavenet.output
    assert envelope is not None
    assert isinstance(output, SpectralOutput)
    for recording in bank.bank.recordings:
        frames = envelope.frames(recording.spectra)
        vector = model.conditioner.training_vector(torch.zeros(1), recording.textures[:1])
        places = torch.arange(len(recording.samples) // 16)[None] * (envelope.knots_per_s * 16 / RATE)
        told = model.wavenet.usual(envelope.track(vector, frames[None], places))
        assert told is not None
        length = len(recording.samples) // 16 * 16
        loudness = output.loudness(model.codec.encode(recording.samples[None, :length])[0])
        still = (loudness - loudness.mean(0)).square().mean()
        assert float((told[0] - loudness).square().mean()) < 0.5 * float(still)
