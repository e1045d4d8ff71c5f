"""A split: what is measured of a large one, and what is left of a damaged one."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from tiny_scenes import RATE, noise

from photowave.pairs.bank import SoundBank
from photowave.pairs.pairing import Excerpt, Pairing, pair_up
from photowave.pairs.split_data import SplitData
from photowave.settings import AudioConfig


@pytest.fixture(scope="module")
def split(tmp_path_factory: pytest.TempPathFactory) -> SplitData:
    """Twelve sounds and eight photos of a large scene, two sounds and one photo of a small one."""
    path = tmp_path_factory.mktemp("split") / "a.wav"
    soundfile.write(path, noise(0, rumble=False, seconds=4).astype(np.float32), RATE)
    rows = [(Path(f"l{n}.png") if n < 8 else None, Excerpt(path, n / 10), "large") for n in range(12)]
    rows += [(Path("s.png"), Excerpt(path, 2.0), "small"), (None, Excerpt(path, 2.1), "small")]
    pairing = pair_up(rows, by_scene=True)
    bank = SoundBank(
        pairing.sounds, audio=AudioConfig(sample_rate=RATE, texture_mels=8), clip_s=0.5, window_s=1.0
    )
    return SplitData(bank, pairing, torch.arange(9.0)[:, None])


def test_a_small_split_is_measured_as_it_is(split: SplitData) -> None:
    same = split.thinned()
    assert same.pairing is split.pairing
    assert same.features is split.features
    for mine, theirs in zip(same.bank.recordings, split.bank.recordings, strict=True):
        assert mine is theirs


def test_of_a_large_split_every_scene_is_measured_evenly(split: SplitData) -> None:
    part = split.thinned(recordings=4, photos=3)
    places = [round(10 * (excerpt.start_s or 0)) for excerpt in part.pairing.sounds]
    assert places == [0, 4, 8, 20]
    assert [photo.name for photo in part.pairing.photos] == ["l0.png", "l3.png", "l6.png", "s.png"]
    assert part.features.flatten().tolist() == [0, 3, 6, 8]
    assert part.pairing.sounds_of == ((0, 1, 2),) * 3 + ((3,),)
    assert part.pairing.photos_of == ((0, 1, 2),) * 3 + ((3,),)
    for index, recording in enumerate(part.bank.recordings):
        assert recording is split.bank.recordings[[0, 4, 8, 12][index]]
    assert part.bank.windows.tolist() == [len(r.textures) for r in part.bank.recordings]


def test_photos_go_with_the_sounds_that_are_left() -> None:
    path = Path("a.wav")
    pairing = pair_up([(Path(f"{n}.png"), Excerpt(path, float(n)), None) for n in range(6)], by_scene=False)
    part = pairing.only(photos=[1, 4], sounds=[0, 1, 4])
    assert part == Pairing(
        photos=(Path("1.png"), Path("4.png")),
        sounds=(Excerpt(path, 0.0), Excerpt(path, 1.0), Excerpt(path, 4.0)),
        sounds_of=((1,), (2,)),
        photos_of=((), (0,), (1,)),
        photo_scenes=(None, None),
        sound_scenes=(None, None, None),
    )


def test_the_first_minutes_of_a_long_recording_are_measured(split: SplitData) -> None:
    part = split.bank.only([3, 5], longest_s=0.6)
    for index, recording in zip((3, 5), part.recordings, strict=True):
        whole = split.bank.recordings[index]
        assert torch.equal(recording.samples, whole.samples[: round(0.6 * RATE)])
        assert torch.equal(recording.textures, whole.textures[:1])
    assert part.lengths.tolist() == [round(0.6 * RATE)] * 2
