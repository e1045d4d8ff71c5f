"""Recordings in excerpts: lengths, levels, scenes, and what cannot be used."""

import csv
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_scenes import RATE, noise, write_tiny_scenes

from photowave.audio import integrated_lufs
from photowave.errors import ConfigError, PairError
from photowave.evaluation.sounds.cutting import tile
from photowave.evaluation.sounds.recordings import load_real
from photowave.pairs.manifest import Manifest, Row, read_manifest
from photowave.settings import AudioConfig

AUDIO = AudioConfig(sample_rate=RATE)


@pytest.fixture
def manifest(tmp_path: Path) -> Manifest:
    return read_manifest(write_tiny_scenes(tmp_path))


def one_sound(folder: Path, samples: np.ndarray, *, starts: tuple[str, ...] = ("",)) -> Manifest:
    """A manifest of one recording; a row for each of `starts`."""
    soundfile.write(folder / "one.wav", samples, RATE, subtype="FLOAT")
    path = folder / "one.csv"
    with path.open("w", newline="") as file:
        rows = [("", "one.wav", "field", "train", start) for start in starts]
        csv.writer(file).writerows([("photo", "sound", "scene", "split", "start_s"), *rows])
    return read_manifest(path)


def level(samples: torch.Tensor) -> float:
    return 10 * float(samples.double().square().mean().log10())


def test_excerpts_know_scene_split_and_recording(manifest: Manifest) -> None:
    seen: list[int] = []
    real = load_real(manifest, audio=AUDIO, duration_s=0.6, progress=seen.append)
    assert seen == [1] * 10
    assert real.samples.shape == (30, 2_400)  # of 2 s, three times 0.6 s; the rest is dropped
    assert real.samples.dtype == torch.float32
    assert real.sample_rate == RATE
    assert real.recordings.tolist() == np.repeat(np.arange(10), 3).tolist()
    assert real.names == tuple(f"{scene}{i}.wav" for scene in ("hiss", "rumble") for i in range(5))
    for scene, split, recording in zip(real.scenes, real.splits, real.recordings, strict=True):
        assert real.names[recording].startswith(scene)
        assert split == ("train", "train", "train", "val", "test")[recording % 5]


def test_excerpts_join_to_the_recording_at_its_level(manifest: Manifest) -> None:
    real = load_real(manifest, audio=AUDIO, duration_s=0.5)
    for recording in range(10):
        whole = real.samples[torch.from_numpy(real.recordings == recording)].flatten()
        written, _ = soundfile.read(manifest.sounds[recording], dtype="float32")
        assert len(whole) == len(written)
        assert level(whole) == pytest.approx(-20.0, abs=1e-4)
        gain = float(whole.abs().max()) / np.abs(written).max()
        assert whole.numpy() == pytest.approx(written * gain, abs=1e-6)


def test_the_level_is_that_of_the_model(manifest: Manifest) -> None:
    quiet = AudioConfig(sample_rate=RATE, rms_dbfs=-30.0)
    assert level(load_real(manifest, audio=quiet, duration_s=2.0).samples[0]) == pytest.approx(-30, abs=1e-4)


def test_recordings_can_be_brought_to_one_loudness(tmp_path: Path) -> None:
    # A rumble counts less than a tone of the same power: one loudness is two powers.
    times = np.arange(2 * RATE) / RATE
    for name, frequency in (("rumble", 25), ("tone", 500)):
        soundfile.write(tmp_path / f"{name}.wav", 0.5 * np.sin(2 * np.pi * frequency * times), RATE)
    quiet = AudioConfig(sample_rate=RATE, rms_dbfs=-40.0)
    (tmp_path / "pairs.csv").write_text("photo,sound,scene,split\n,rumble.wav,a,train\n,tone.wav,b,train\n")
    real = load_real(read_manifest(tmp_path / "pairs.csv"), audio=quiet, duration_s=2.0, level="loudness")
    loudness = [integrated_lufs(samples[None], sample_rate=RATE) for samples in real.samples]
    assert loudness == pytest.approx([-40.0, -40.0], abs=0.2)
    assert level(real.samples[0]) > level(real.samples[1]) + 3


def test_parts_of_one_recording_count_as_one(tmp_path: Path) -> None:
    rows = [("photo", "sound", "scene", "split")]
    for index, name in enumerate(("wind__0-1s", "wind__1-2s", "other")):
        soundfile.write(tmp_path / f"{name}.wav", noise(index, rumble=False, seconds=1.0), RATE)
        rows.append(("", f"{name}.wav", "hill", "train"))
    with (tmp_path / "pairs.csv").open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    real = load_real(read_manifest(tmp_path / "pairs.csv"), audio=AUDIO, duration_s=1.0)
    assert real.recordings.tolist() == [0, 0, 1]
    assert real.names == ("wind__0-1s.wav", "other.wav")


def recordings_of(folder: Path, sounds: dict[str, str]) -> list[int]:
    """Numbers of the recordings that files count as, given the scene of each."""
    rows = []
    for index, (name, scene) in enumerate(sounds.items()):
        soundfile.write(folder / f"{name}.wav", noise(index, rumble=False, seconds=0.5), RATE)
        rows.append(Row(None, folder / f"{name}.wav", scene, "train"))
    real = load_real(Manifest(tuple(rows), folder), audio=AUDIO, duration_s=0.5)
    assert real.scenes.tolist() == list(sounds.values())
    return real.recordings.tolist()


def test_takes_of_one_session_count_as_one_recording(tmp_path: Path) -> None:
    others = dict.fromkeys(("rain", "storm", "leaves"), "hill")
    assert recordings_of(tmp_path, {"wind1": "hill", "wind_2": "hill", **others}) == [0, 0, 1, 2, 3]


def test_where_sessions_are_few_each_take_counts(tmp_path: Path) -> None:
    # As in the splits: with three sessions a scene could not train, validate and test.
    sounds = {"wind1": "hill", "wind2": "hill", "rain": "hill", "storm": "hill"}
    assert recordings_of(tmp_path, sounds) == [0, 1, 2, 3]


def test_parts_stay_together_whatever_their_scenes(tmp_path: Path) -> None:
    others = dict.fromkeys(("rain", "storm", "leaves"), "hill")
    sounds = {"wind1__0-1s": "hill", "wind1__1-2s": "dune", **others}
    assert recordings_of(tmp_path, sounds) == [0, 0, 1, 2, 3]


def test_a_short_recording_is_repeated(tmp_path: Path) -> None:
    short = noise(1, rumble=True, seconds=0.3)
    short = short - short.mean()  # an offset would be taken out
    real = load_real(one_sound(tmp_path, short), audio=AUDIO, duration_s=1.0)
    assert real.samples.shape == (1, 4_000)
    samples = real.samples[0]
    period = 1_200 - 200  # the crossfade takes 50 ms
    assert torch.equal(samples[200 : 4_000 - period], samples[200 + period :])
    gain = float(samples[:1_000].abs().max()) / np.abs(short[:1_000]).max()
    assert samples[:1_000].numpy() == pytest.approx(short[:1_000] * gain, abs=1e-6)


def test_a_crossfade_of_equals_stays_within_full_scale(tmp_path: Path) -> None:
    loud = AudioConfig(sample_rate=RATE, rms_dbfs=-6.0)
    # Peaks of 0.87 at this level; end and beginning agree and would add up to 1.22.
    pulses = np.tile([0.5, 0.0, 0.0, -0.5, 0.0, 0.0], 300)[:1_400]
    real = load_real(one_sound(tmp_path, pulses), audio=loud, duration_s=1.0)
    assert float(real.samples.abs().max()) <= 1.0


@settings(max_examples=50, deadline=None)
@given(st.integers(2, 60), st.integers(1, 300), st.integers(0, 40))
def test_tiling_repeats_one_period(count: int, length: int, crossfade: int) -> None:
    samples = torch.randn(count, generator=torch.Generator().manual_seed(count))
    tiled = tile(samples, length=length, crossfade=crossfade)
    assert tiled.shape == (length,)
    overlap = min(crossfade, count // 2)
    untouched = min(length, count if length <= count else count - overlap)
    assert torch.equal(tiled[:untouched], samples[:untouched])
    if length > count:
        period = count - overlap
        assert torch.equal(tiled[overlap : length - period], tiled[overlap + period :])


def test_a_crossfade_keeps_the_power_of_noise() -> None:
    generator = torch.Generator().manual_seed(0)
    power = torch.zeros(500)
    for _ in range(3_000):
        sound = torch.randn(200, generator=generator)
        power += tile(sound, length=500, crossfade=60).square() / 3_000
    assert float(power.min()) > 0.85  # fading the amplitude evenly would leave 0.5
    assert float(power.max()) < 1.15


def test_rows_with_a_start_give_one_excerpt_each(tmp_path: Path) -> None:
    samples = noise(0, rumble=False, seconds=3.0)
    whole = load_real(one_sound(tmp_path, samples), audio=AUDIO, duration_s=0.5).samples.flatten()
    real = load_real(one_sound(tmp_path, samples, starts=("1.25", "0.25")), audio=AUDIO, duration_s=0.5)
    assert torch.equal(real.samples, torch.stack([whole[1_000:3_000], whole[5_000:7_000]]))
    assert real.recordings.tolist() == [0, 0]
    both = load_real(one_sound(tmp_path, samples, starts=("", "0.25")), audio=AUDIO, duration_s=0.5)
    assert torch.equal(both.samples.flatten(), whole)


def sound_rows(folder: Path, *places: tuple[float | None, str]) -> Manifest:
    """A manifest of one recording of three seconds; a row for each start and scene."""
    soundfile.write(folder / "one.wav", noise(0, rumble=False, seconds=3.0), RATE)
    rows = tuple(Row(None, folder / "one.wav", scene, "train", start) for start, scene in places)
    return Manifest(rows, folder)


def test_each_start_keeps_the_scene_of_its_row(tmp_path: Path) -> None:
    manifest = sound_rows(tmp_path, (2.0, "town"), (0.0, "field"), (2.0, "town"))
    real = load_real(manifest, audio=AUDIO, duration_s=0.5)
    assert real.scenes.tolist() == ["field", "town"]
    assert real.recordings.tolist() == [0, 0]


@pytest.mark.parametrize(
    ("places", "told"),
    [
        ([(None, "town"), (None, "field")], r"one\.wav stands under 2 scenes: field, town"),
        ([(None, "town"), (1.0, "field")], r"one\.wav stands under 2 scenes: field, town"),
        ([(1.0, "town"), (1.0, "field")], r"one\.wav at start_s 1 stands under 2 scenes: field, town"),
    ],
)
def test_a_sound_of_two_scenes_is_refused(
    tmp_path: Path, places: list[tuple[float | None, str]], told: str
) -> None:
    with pytest.raises(PairError, match=told):
        load_real(sound_rows(tmp_path, *places), audio=AUDIO, duration_s=0.5)


def test_silent_excerpts_are_left_out(tmp_path: Path) -> None:
    samples = noise(0, rumble=False, seconds=1.5)
    samples[2_000:4_000] = 0.0
    real = load_real(one_sound(tmp_path, samples), audio=AUDIO, duration_s=0.5)
    assert len(real.samples) == 2
    assert all(level(part) > -30 for part in real.samples)


def test_all_that_cannot_be_used_is_told_together(manifest: Manifest) -> None:
    soundfile.write(manifest.sounds[0], np.zeros(RATE), RATE)
    manifest.sounds[7].write_text("no sound")
    with pytest.raises(PairError, match=r"2 of 10 recordings.*hiss0\.wav is silent.*rumble2\.wav"):
        load_real(manifest, audio=AUDIO, duration_s=0.5)


def test_audible_only_beyond_the_last_excerpt_is_told(tmp_path: Path) -> None:
    samples = np.zeros(2 * RATE)
    samples[-1_000:] = noise(0, rumble=False)[:1_000]
    with pytest.raises(PairError, match=r"no audible excerpt of 1\.5 s"):
        load_real(one_sound(tmp_path, samples), audio=AUDIO, duration_s=1.5)


def test_a_start_behind_the_end_is_told(tmp_path: Path) -> None:
    manifest = one_sound(tmp_path, noise(0, rumble=False), starts=("7",))
    with pytest.raises(PairError, match=r"lasts 2 s; no sound follows start_s 7\."):
        load_real(manifest, audio=AUDIO, duration_s=0.5)


def test_less_than_two_samples_are_refused(manifest: Manifest) -> None:
    with pytest.raises(ConfigError, match=r"duration_s=0\.0001"):
        load_real(manifest, audio=AUDIO, duration_s=1e-4)


def test_without_scenes_nothing_can_be_compared(tmp_path: Path) -> None:
    write_tiny_scenes(tmp_path)
    path = tmp_path / "row.csv"
    path.write_text("photo,sound,scene,split\nhiss0.png,hiss0.wav,,test\n")
    with pytest.raises(PairError, match="no recording has a scene among 1 rows"):
        load_real(read_manifest(path), audio=AUDIO)
