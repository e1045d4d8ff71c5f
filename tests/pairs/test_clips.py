"""Which clip comes when, with which photo, on which device."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_scenes import RATE, noise
from torch.utils.data import DataLoader

from photowave.audio import SpectralEnvelope
from photowave.model import EnvelopeClip
from photowave.pairs.bank import SoundBank
from photowave.pairs.clips import Clip, ClipDataset, EpochSampler, _other_than
from photowave.pairs.pairing import Excerpt, Pairing, pair_up
from photowave.settings import AudioConfig

PHOTOS = {"hiss": 2, "rumble": 3}
LENGTH = 400


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> tuple[SoundBank, Pairing]:
    """Two scenes with two sounds each; those of the second are four times as long."""
    folder = tmp_path_factory.mktemp("clips")
    rows: list[tuple[Path | None, Excerpt | None, str | None]] = []
    for scene, seconds in (("hiss", 1.0), ("rumble", 4.0)):
        rows += [(folder / f"{scene}{n}.png", None, scene) for n in range(PHOTOS[scene])]
        for n in range(2):
            path = folder / f"{scene}{n}.wav"
            soundfile.write(path, noise(n, rumble=scene == "rumble", seconds=seconds * (1 + 2 * n)), RATE)
            rows.append((None, Excerpt(path, None), scene))
    pairing = pair_up(rows, by_scene=True)
    audio = AudioConfig(sample_rate=RATE, texture_mels=8)
    envelope = SpectralEnvelope(sample_rate=RATE, mels=8, hops=4)
    return SoundBank(pairing.sounds, audio=audio, clip_s=0.1, window_s=1.0, envelope=envelope), pairing


def dataset(
    parts: tuple[SoundBank, Pairing], *, seed: int = 0, pairing: Pairing | None = None
) -> ClipDataset:
    bank, scenes = parts
    # The feature of a photo is its number, counted from one.
    features = torch.arange(1.0, 6.0)[:, None]
    return ClipDataset(
        bank=bank, pairing=pairing or scenes, features=features, length=LENGTH, count=10, seed=seed
    )


def tensors(clip: Clip) -> list[torch.Tensor]:
    """All that a clip holds."""
    parts = [value if isinstance(value, tuple) else (value,) for value in clip.values()]
    return [tensor for part in parts for tensor in part]  # type: ignore[attr-defined]


def test_the_same_number_is_the_same_clip(parts: tuple[SoundBank, Pairing]) -> None:
    one, again, other = dataset(parts), dataset(parts), dataset(parts, seed=1)
    for index in (0, 7, 12_345):
        assert all(map(torch.equal, tensors(one[index]), tensors(again[index])))
    assert any(not torch.equal(one[i]["samples"], other[i]["samples"]) for i in range(3))
    assert len({int(one[i]["seed"]) for i in range(200)}) == 200
    assert len({float(one[i]["uniform"]) for i in range(200)}) == 200
    assert all(0.0 <= float(one[i]["uniform"]) < 1.0 for i in range(200))
    assert len(one) == 10


def test_clips_textures_and_envelopes_come_from_one_place(parts: tuple[SoundBank, Pairing]) -> None:
    clips, bank = dataset(parts), parts[0]
    for index in range(30):
        clip = clips[index]
        for number, recording in enumerate(bank.recordings):
            windows = recording.samples.unfold(0, LENGTH, 1)
            found = (windows == clip["samples"]).all(1).nonzero()
            if len(found):
                _, texture, envelope = bank.clip(number, int(found[0]), LENGTH)
                assert torch.equal(texture, clip["texture"])
                assert all(map(torch.equal, envelope, clip["envelope"]))
                break
        else:
            raise AssertionError("the clip is in no recording")


def test_clips_with_envelopes_make_batches(parts: tuple[SoundBank, Pairing]) -> None:
    clips = dataset(parts)
    batch = next(iter(DataLoader(clips, batch_size=10)))
    assert isinstance(batch["envelope"], EnvelopeClip)
    for number, part in enumerate(batch["envelope"]):
        assert torch.equal(part, torch.stack([clips[n]["envelope"][number] for n in range(10)]))


def test_the_start_is_where_the_samples_lie_and_may_be_any_sample(parts: tuple[SoundBank, Pairing]) -> None:
    bank, clips = parts[0], dataset(parts)
    starts = set()
    for index in range(300):
        clip = clips[index]
        start = round(float(clip["start_s"]) * RATE)
        starts.add(start)
        assert any(
            torch.equal(recording.samples[start : start + LENGTH], clip["samples"])
            for recording in bank.recordings
        )
    assert len({start % 16 for start in starts}) == 16
    assert 0 in starts


def test_scenes_come_equally_often_and_recordings_by_the_root_of_their_windows(
    parts: tuple[SoundBank, Pairing],
) -> None:
    clips, bank = dataset(parts), parts[0]
    levels = {
        tuple(r.textures[w].tolist()): n
        for n, r in enumerate(bank.recordings)
        for w in range(len(r.textures))
    }
    count = 1200
    seen = Counter(levels[tuple(clips[i]["texture"].tolist())] for i in range(count))
    roots = [len(recording.textures) ** 0.5 for recording in bank.recordings]
    assert roots == pytest.approx([1, 3**0.5, 2, 12**0.5])
    # Both scenes have the shares 1 : 3 ** 0.5; five standard deviations of a binomial share are below 0.07.
    shares = [seen[number] / count for number in range(4)]
    np.testing.assert_allclose(shares, [0.183, 0.317, 0.183, 0.317], atol=0.07)


def test_photo_is_a_partner_and_the_swapped_one_never(parts: tuple[SoundBank, Pairing]) -> None:
    clips = dataset(parts)
    right, swapped = set(), set()
    for index in range(300):
        clip = clips[index]
        assert clip["paired"]
        photo, other = int(clip["features"]), int(clip["swapped"])
        assert (photo <= PHOTOS["hiss"]) != (other <= PHOTOS["hiss"])
        right.add(photo)
        swapped.add(other)
    assert right == swapped == {1, 2, 3, 4, 5}


def test_sound_without_photo_and_photos_without_stranger_are_unpaired(
    parts: tuple[SoundBank, Pairing],
) -> None:
    _, scenes = parts
    lonely = Pairing(
        photos=scenes.photos,
        sounds=scenes.sounds,
        sounds_of=((),) * 5,
        photos_of=((),) * 4,
        photo_scenes=(None,) * 5,
        sound_scenes=(None,) * 4,
    )
    clip = dataset(parts, pairing=lonely)[0]
    assert not clip["paired"]
    assert float(clip["features"]) == float(clip["swapped"]) == 0.0
    everyone = Pairing(**{**lonely.__dict__, "photos_of": ((0, 1, 2, 3, 4),) * 4})
    clip = dataset(parts, pairing=everyone)[0]
    assert not clip["paired"]
    assert float(clip["features"]) > 0.0
    assert float(clip["swapped"]) == 0.0


@settings(deadline=None)
@given(st.integers(1, 4), st.integers(1, 6), st.integers(0, 50))
def test_devices_share_each_epoch_without_overlap(devices: int, each: int, position: int) -> None:
    count = devices * each
    samplers = [
        EpochSampler(count, position=lambda: position, devices=devices, device=device)
        for device in range(devices)
    ]
    dealt = [list(sampler) for sampler in samplers]
    assert sorted(number for part in dealt for number in part) == list(range(position, position + count))
    assert [len(part) for part in dealt] == [len(sampler) for sampler in samplers] == [each] * devices
    # What the devices take together at each step are neighbours: a stop anywhere leaves no holes.
    assert [sorted(together) for together in zip(*dealt, strict=True)] == [
        list(range(position + step * devices, position + (step + 1) * devices)) for step in range(each)
    ]


def test_sampler_goes_on_where_training_is() -> None:
    done: Callable[[], int] = iter([0, 4, 6]).__next__
    sampler = EpochSampler(4, position=done)
    assert [list(sampler) for _ in range(3)] == [[0, 1, 2, 3], [4, 5, 6, 7], [6, 7, 8, 9]]


@settings(deadline=None)
@given(some=st.sets(st.integers(0, 30)), count=st.integers(1, 31), data=st.data())
def test_strangers_are_counted_without_a_list_of_them(
    some: set[int], count: int, data: st.DataObject
) -> None:
    partners = np.array(sorted(number for number in some if number < count), dtype=np.int64)
    strangers = np.setdiff1d(np.arange(count), partners)
    if len(strangers):
        place = data.draw(st.integers(0, len(strangers) - 1))
        assert _other_than(partners, place) == strangers[place]
