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
NEEDS_CUDA = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")


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


@pytest.mark.parametrize("device", ["cpu", pytest.param("cuda", marks=NEEDS_CUDA)])
@pytest.mark.parametrize("guidance", [1.0, 1.5])
def test_the_sampler_for_gpus_draws_the_same_sounds_up_to_rounding(
    generator: SoundscapeGenerator, guidance: float, device: str
) -> None:
    """Rounding goes on from frame to frame, so differences grow, but stay far below the sound."""
    photos, settings = sorted(EXAMPLES.glob("*.jpg"))[:2], DrawSettings(duration_s=3.0, guidance=guidance)
    expected = generator.generate_many(photos, settings)
    recorded = photowave.load(device=device)
    recorded._packed = {}  # the same sampler on the CPU, too
    for there, here in zip(recorded.generate_many(photos, settings), expected, strict=True):
        assert rms(there.samples - here.samples) < 1e-3 * rms(here.samples)
        assert there.info.get("device", "cpu") == device


def rms(samples: np.ndarray) -> float:
    return float(np.sqrt(np.square(samples, dtype=np.float64).mean()))


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
