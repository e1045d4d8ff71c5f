"""What is promised of the default model: where its textures come from, and how its channels go together."""

from pathlib import Path

import numpy as np
import pytest
import torch

import photowave
from photowave.generation import SoundscapeGenerator
from photowave.model import TextureConditioner
from photowave.settings import DrawSettings

EXAMPLES = Path(__file__).parents[1] / "data" / "examples"

DIFFUSE = ("rain", "sea_waves", "waterfall", "wind_in_trees", "river_stream", "meadow_insects")
"""Places that sound from all sides."""


@pytest.fixture(scope="module")
def generator() -> SoundscapeGenerator:
    return photowave.load()


def test_every_texture_that_can_be_drawn_has_an_attribution(generator: SoundscapeGenerator) -> None:
    conditioner, catalogue = generator.model.conditioner, generator.model.catalogue
    assert isinstance(conditioner, TextureConditioner)
    assert catalogue is not None
    drawn = conditioner.drawn.nonzero().flatten().tolist()
    assert len(drawn) > 200
    for texture in drawn:
        origin = catalogue.recordings[catalogue.owners[texture]]
        assert origin.place, origin
        assert origin.licence, origin
        assert origin.author or origin.source, origin
        assert origin.name in origin.attribution


def test_what_is_drawn_says_whose_recording_stands_behind_it(generator: SoundscapeGenerator) -> None:
    drawn = generator.generate(place="rain", duration_s=0.2)
    assert drawn.info["attribution"]
    assert drawn.info["recording"]


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
@pytest.mark.parametrize("guidance", [1.0, 1.5])
def test_a_gpu_draws_the_same_sounds_up_to_rounding(generator: SoundscapeGenerator, guidance: float) -> None:
    photos, settings = sorted(EXAMPLES.glob("*.jpg"))[:2], DrawSettings(duration_s=3.0, guidance=guidance)
    expected = generator.generate_many(photos, settings)
    drawn = photowave.load(device="cuda").generate_many(photos, settings)
    for there, here in zip(drawn, expected, strict=True):
        np.testing.assert_allclose(there.samples, here.samples, rtol=0, atol=1e-5)
        assert (there.info["device"], "device" in here.info) == ("cuda", False)


@pytest.mark.slow
def test_left_and_right_are_alike_and_not_the_same(generator: SoundscapeGenerator) -> None:
    for place in DIFFUSE:
        left, right = generator.generate(place=place, duration_s=5.0).samples.astype(np.float64)
        correlation = float((left @ right) / np.sqrt((left @ left) * (right @ right)))
        assert 0.1 <= correlation <= 0.9, (place, correlation)
        differ_db = octave_levels(left) - octave_levels(right)
        assert np.abs(differ_db).max() < 1.0, (place, differ_db)


def octave_levels(samples: np.ndarray) -> np.ndarray:
    """Level of each octave from 125 Hz to 16 kHz, in dB, [8]."""
    power = np.abs(np.fft.rfft(samples)) ** 2
    hz = np.fft.rfftfreq(len(samples), 1 / 44_100)
    centres = 125.0 * 2.0 ** np.arange(8)
    bands = [power[(hz >= f / 2**0.5) & (hz < f * 2**0.5)].sum() for f in centres]
    return 10 * np.log10(np.array(bands) / power.sum() + 1e-9)
