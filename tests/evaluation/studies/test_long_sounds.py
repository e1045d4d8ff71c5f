"""Long sounds: fades, clicks and levels that were put in come out."""

from pathlib import Path

import numpy as np
import pytest
import torch

from photowave.errors import ConfigError
from photowave.evaluation.studies.long_sounds import draw_long_sounds, measure_course, recording_level
from photowave.generation import load
from photowave.model import TextureConditioner
from photowave.pairs.bank import SoundBank
from photowave.pairs.sources import open_pairs
from photowave.settings import DataSettings, DrawSettings

DATA = DataSettings(clip_s=0.1, window_s=1.0)


@pytest.mark.parametrize("slope", [0.0, -12.0, 30.0])
def test_a_long_sound_that_fades_has_its_slope(slope: float) -> None:
    noise = torch.randn(1, 30 * 2000, generator=torch.Generator().manual_seed(0)).double()
    minutes = torch.arange(30 * 2000) / 2000 / 60
    found = measure_course(0.05 * noise * 10 ** (slope * minutes / 20), 2000)
    assert found.level_dbfs.shape == (1, 6)
    assert found.slope_db_per_min[0] == pytest.approx(slope, abs=1.0)
    assert found.level_dbfs[0, 0] == pytest.approx(-26 + slope * 2.5 / 60, abs=0.3)
    if slope:
        assert found.first_to_last_db[0] > 1.5 * found.neighbours_db[0]


def test_a_click_at_the_beginning_is_told() -> None:
    sounds = 0.05 * torch.randn(2, 20_000, generator=torch.Generator().manual_seed(0))
    sounds[1, 3] = 0.9
    beginning = measure_course(sounds, 1000).beginning
    assert beginning[0] < 1.2
    assert beginning[1] > 4


def test_a_sound_is_compared_with_the_recording_whose_texture_it_was_given(
    trained: tuple[Path, Path],
) -> None:
    manifest, file = trained
    model = load(file).model
    conditioner = model.conditioner
    assert isinstance(conditioner, TextureConditioner)
    heard = open_pairs(str(manifest)).split("train").pairs("scene")
    bank = SoundBank(heard.sounds, audio=model.config.audio, clip_s=0.1, window_s=1.0)
    for number, recording in enumerate(bank.recordings):
        recording.samples.mul_(10 ** (-number / 20))  # levels that tell them apart
    told = [
        recording_level(bank, conditioner, vector)
        for vector in conditioner.texture_vector(conditioner.codebook)
    ]
    for texture, level in zip(conditioner.codebook, told, strict=True):
        (number,) = {n for n, r in enumerate(bank.recordings) if (r.textures == texture).all(1).any()}
        assert level == pytest.approx(-20.0 - number, abs=0.5)


def test_long_sounds_are_drawn_for_every_scene(trained: tuple[Path, Path]) -> None:
    manifest, file = trained
    model, pairs = load(file), open_pairs(str(manifest))
    found = draw_long_sounds(model, pairs, DATA, DrawSettings(duration_s=10.0), split="train", seeds=2)
    assert found.course.level_dbfs.shape == (4, 2)
    assert found.scenes == ("hiss", "hiss", "rumble", "rumble")
    # Tiny recordings have no sharp peaks: training hears them at the level that is asked of all.
    for level in (found.of_scene_dbfs, found.of_recording_dbfs, np.full(4, found.asked_dbfs)):
        assert level == pytest.approx(np.full(4, -20.0), abs=0.5)
    photo = pairs.split("train").photos[0]
    (first,) = measure_course(
        torch.from_numpy(model.generate(photo, duration_s=10.0, seed=1).samples)[None], model.sample_rate
    ).level_dbfs
    assert found.course.level_dbfs[1] == pytest.approx(first)
    power = (10 ** (found.course.level_dbfs / 10)).mean(1)
    assert found.whole_dbfs == pytest.approx(10 * np.log10(power))
    with pytest.raises(ConfigError, match="duration_s=9: at least 10 seconds"):
        draw_long_sounds(model, pairs, DATA, DrawSettings(duration_s=9.0))


def test_fades_of_the_training_are_cut_off_the_recordings(trained: tuple[Path, Path]) -> None:
    manifest, file = trained
    banks: list[float] = []
    original = SoundBank.__init__

    def seen(self: SoundBank, *parts: object, fade_s: float, **options: object) -> None:
        banks.append(fade_s)
        original(self, *parts, fade_s=fade_s, **options)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SoundBank, "__init__", seen)
        data = DataSettings(clip_s=0.1, window_s=1.0, fade_s=0.3)
        draw_long_sounds(load(file), open_pairs(str(manifest)), data, DrawSettings(duration_s=10.0), seeds=1)
    assert banks == [0.3]
