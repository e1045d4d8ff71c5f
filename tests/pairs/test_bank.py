"""Recordings in memory: level, textures, and everything that is wrong reported at once."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_scenes import RATE, noise

from photowave.audio import (
    SpectralEnvelope,
    TextureStatistics,
    integrated_lufs,
    resample,
    rms_dbfs,
    without_fades,
)
from photowave.errors import ConfigError, PairError
from photowave.pairs.bank import SoundBank, refuse_if_any
from photowave.pairs.pairing import Excerpt
from photowave.settings import AudioConfig
from photowave.wavenet.track import interpolate

AUDIO = AudioConfig(sample_rate=RATE, texture_mels=8)


def write(path: Path, samples: np.ndarray, rate: int = RATE) -> Excerpt:
    soundfile.write(path, samples, rate, subtype="FLOAT")
    return Excerpt(path, None)


ENVELOPE = SpectralEnvelope(sample_rate=RATE, mels=8, hops=4)


def bank(*excerpts: Excerpt, clip_s: float = 0.5, window_s: float = 2.0, fade_s: float = 0.0) -> SoundBank:
    return SoundBank(
        excerpts, audio=AUDIO, clip_s=clip_s, window_s=window_s, envelope=ENVELOPE, fade_s=fade_s
    )


def test_recordings_come_at_one_rate_and_level(tmp_path: Path) -> None:
    quiet = write(tmp_path / "quiet.wav", 0.01 * noise(0, rumble=False, seconds=3))
    other_rate = write(tmp_path / "fast.wav", noise(1, rumble=True, seconds=3), 2 * RATE)
    made = bank(quiet, other_rate)
    assert [len(r.samples) for r in made.recordings] == [3 * RATE, 3 * RATE // 2]
    assert made.duration_s == pytest.approx(4.5)
    for recording in made.recordings:
        assert recording.samples.dtype == torch.float32
        assert rms_dbfs(recording.samples) == pytest.approx(-20.0, abs=0.01)


def test_texture_is_that_of_the_window_around_the_clip(tmp_path: Path) -> None:
    halves = np.concatenate([noise(0, rumble=False, seconds=5), noise(1, rumble=True, seconds=5)])
    made = bank(write(tmp_path / "halves.wav", halves))
    samples = made.recordings[0].samples
    statistics = TextureStatistics(sample_rate=RATE, mels=8)
    assert len(made.recordings[0].textures) == 9
    for start_s, first_s in [(0.0, 0), (0.6, 0), (1.0, 0), (4.0, 3), (4.8, 4), (9.5, 8)]:
        clip, texture, _ = made.clip(0, round(start_s * RATE), RATE // 2)
        assert torch.equal(clip, samples[round(start_s * RATE) :][: RATE // 2])
        window = samples[first_s * RATE : (first_s + 2) * RATE]
        torch.testing.assert_close(texture, statistics(window[None])[0])


def test_recording_shorter_than_a_window_has_the_texture_of_all_of_it(tmp_path: Path) -> None:
    made = bank(write(tmp_path / "a.wav", noise(0, rumble=True, seconds=1)))
    expected = TextureStatistics(sample_rate=RATE, mels=8)(made.recordings[0].samples[None])
    torch.testing.assert_close(made.recordings[0].textures, expected)
    assert made.recordings[0].levels.tolist() == [0.0]


def decibels(power: float) -> float:
    return 10 * math.log10(power) if power else -math.inf


@pytest.mark.parametrize("gain", [1.0, 0.01])
@pytest.mark.parametrize("fade_s", [0.0, 1.0])
def test_levels_are_those_of_the_texture_windows_beside_the_whole(
    gain: float, fade_s: float, tmp_path: Path
) -> None:
    seconds = np.repeat([1.0, 0.1, 0.1, 0.0, 0.0, 0.5, 1.0, 0.5], RATE)
    samples = (gain * seconds * noise(0, rumble=False, seconds=8)).astype(np.float32)
    (recording,) = bank(write(tmp_path / "calls.wav", samples), fade_s=fade_s).recordings
    power = samples.astype(float) ** 2
    expected = [decibels(power[n * RATE : (n + 2) * RATE].mean() / power.mean()) for n in range(7)]
    assert recording.levels.shape == (len(recording.textures),)
    np.testing.assert_allclose(recording.levels.numpy(), expected, atol=1e-3)
    assert expected[3] == -math.inf


def test_levels_of_a_recording_that_stays_below_the_level_asked_for_are_beside_its_own(
    tmp_path: Path,
) -> None:
    samples = 0.01 * noise(0, rumble=False, seconds=4)
    samples[::RATE] = 0.9
    (recording,) = bank(write(tmp_path / "clicks.wav", samples)).recordings
    # The peaks allow no higher gain.
    assert rms_dbfs(recording.samples) < -30.0
    assert float(recording.levels.abs().max()) < 0.5


def test_levels_lie_beside_what_is_left_of_a_recording(tmp_path: Path) -> None:
    (recording,) = bank(write(tmp_path / "faded.wav", faded(6, 1.5)), fade_s=2.0).recordings
    assert len(recording.samples) < 6 * RATE
    windows = recording.samples.unfold(0, 2 * RATE, RATE)
    expected = 20 * (windows.square().mean(1).sqrt() / recording.samples.square().mean().sqrt()).log10()
    torch.testing.assert_close(recording.levels, expected, atol=1e-3, rtol=0)


@pytest.fixture(scope="module")
def moving(tmp_path_factory: pytest.TempPathFactory) -> SoundBank:
    """Five seconds of a sound that swells and ebbs, and that ends between two knots."""
    samples = noise(0, rumble=False, seconds=5)[: 5 * RATE - 37]
    swell = 1 + 0.9 * np.sin(np.arange(len(samples)) / RATE * 4)
    path = tmp_path_factory.mktemp("moving") / "moving.wav"
    return bank(write(path, samples * swell))


LAST = 5 * RATE - 37


@settings(deadline=None, max_examples=60)
@given(length=st.sampled_from([4, 256, 400, 2_000]), late=st.floats(0, 1), bands=st.sampled_from([1, 4]))
def test_clips_carry_the_envelope_of_their_own_place(
    moving: SoundBank, length: int, late: float, bands: int
) -> None:
    samples = moving.recordings[0].samples
    spectra = ENVELOPE(samples[None])
    start = round(late * (LAST - length))
    clip, _, found = moving.clip(0, start, length)
    assert torch.equal(clip, samples[start : start + length])
    # As many knots for every clip of a length, or they could not be put into a batch.
    assert len(found.spectra) == length // ENVELOPE.step + 3
    assert 0 <= float(found.place) < 1
    frames = torch.arange(0, length, bands)
    here = interpolate(found.spectra[None], found.place + frames[None] / ENVELOPE.step)
    expected = interpolate(spectra, (start + frames[None].double()) / ENVELOPE.step)
    torch.testing.assert_close(here, expected, atol=1e-4, rtol=0)


def test_the_last_knot_is_held_to_the_end_of_the_recording(moving: SoundBank) -> None:
    spectra = ENVELOPE(moving.recordings[0].samples[None])[0]
    assert (LAST - 1) / ENVELOPE.step > len(spectra) - 1
    _, _, found = moving.clip(0, LAST - 400, 400)
    torch.testing.assert_close(found.spectra[-1], spectra[-1])
    last = interpolate(found.spectra[None], found.place + torch.tensor([[399 / ENVELOPE.step]]))
    torch.testing.assert_close(last[0, 0], spectra[-1])


def test_stretch_is_the_envelope_of_the_texture_window(moving: SoundBank) -> None:
    recording = moving.recordings[0]
    spectra = ENVELOPE(recording.samples[None])[0]
    count = round(2 * ENVELOPE.knots_per_s)
    for start_s, first_s in [(0.0, 0), (1.8, 1), (3.2, 2), (4.4, 2)]:
        _, texture, found = moving.clip(0, round(start_s * RATE), RATE // 2)
        assert torch.equal(texture, recording.textures[first_s])
        first = round(first_s * ENVELOPE.knots_per_s)
        torch.testing.assert_close(found.stretch, spectra[first : first + count])
        assert found.known.tolist() == [True] * count


def test_stretch_of_a_short_recording_says_what_is_missing(tmp_path: Path) -> None:
    made = bank(write(tmp_path / "a.wav", noise(0, rumble=True, seconds=1)))
    spectra = made.recordings[0].spectra
    _, _, found = made.clip(0, 100, RATE // 2)
    count = round(2 * ENVELOPE.knots_per_s)
    assert len(spectra) < count == len(found.stretch)
    assert found.known.tolist() == [True] * len(spectra) + [False] * (count - len(spectra))
    assert torch.equal(found.stretch[found.known], spectra)
    assert found.stretch[~found.known].abs().max() == 0.0


def test_without_an_envelope_clips_carry_an_empty_one(tmp_path: Path) -> None:
    excerpt = write(tmp_path / "a.wav", noise(0, rumble=True, seconds=3))
    made = SoundBank([excerpt], audio=AUDIO, clip_s=0.5, window_s=2.0)
    _, _, found = made.clip(0, 700, RATE // 2)
    assert [tuple(part.shape) for part in found] == [(0, 8), (), (0, 8), (0,)]


def faded(seconds: float, fade_s: float) -> np.ndarray:
    """Noise that rises out of silence and sinks into it."""
    samples = noise(0, rumble=False, seconds=seconds)
    time = np.arange(len(samples)) / RATE
    return samples * np.clip(np.minimum(time, seconds - time) / fade_s, 1e-3, 1) ** 2


def test_fades_are_cut_off_only_when_asked(tmp_path: Path) -> None:
    excerpt = write(tmp_path / "faded.wav", faded(6, 1.5))
    (whole,) = bank(excerpt).recordings
    assert len(whole.samples) == 6 * RATE
    lengths = []
    for fade_s in (0.1, 0.4, 2.0):
        (cut,) = bank(excerpt, fade_s=fade_s).recordings
        lost = len(whole.samples) - len(cut.samples)
        assert 0 < lost <= 2 * fade_s * RATE
        kept = without_fades(whole.samples, sample_rate=RATE, longest_s=fade_s)
        gain = 10 ** ((-20 - rms_dbfs(kept)) / 20)
        torch.testing.assert_close(cut.samples, gain * kept)
        torch.testing.assert_close(cut.spectra, ENVELOPE(cut.samples[None])[0])
        lengths.append(len(cut.samples))
    assert lengths == sorted(lengths, reverse=True)
    # 12 dB below the level are reached after half of the rise.
    assert lengths[-1] == pytest.approx((6 - 2 * 0.75) * RATE, abs=0.4 * RATE)


@settings(deadline=None, max_examples=25)
@given(rise_s=st.floats(0.1, 2.5), fade_s=st.floats(0, 3), gain=st.floats(0.001, 1))
def test_fades_that_are_cut_off_do_not_count_for_the_level(
    rise_s: float, fade_s: float, gain: float, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "rising.wav"
    (recording,) = bank(write(path, gain * faded(6, rise_s)), fade_s=fade_s).recordings
    assert rms_dbfs(recording.samples) == pytest.approx(-20.0, abs=1e-3)


def test_a_place_in_a_recording_is_one_in_the_whole_of_it_at_the_level_of_the_whole(tmp_path: Path) -> None:
    path = write(tmp_path / "faded.wav", faded(6, 1.5)).path
    places = (None, 0.0, 2.0, 4.0)
    whole, *plain = bank(*(Excerpt(path, place) for place in places)).recordings
    assert rms_dbfs(whole.samples) == pytest.approx(-20.0, abs=1e-3)
    cut, *same = bank(*(Excerpt(path, place) for place in places), fade_s=2.0).recordings
    assert len(cut.samples) < len(whole.samples)
    for place, left, right in zip((0, 2, 4), plain, same, strict=True):
        assert torch.equal(right.samples, whole.samples[place * RATE :][: 2 * RATE])
        assert torch.equal(right.samples, left.samples)
    # Not each at that level: an excerpt out of a fade stays softer, and one out of the middle louder.
    assert rms_dbfs(same[0].samples) < -21.0
    assert rms_dbfs(same[1].samples) > -19.0


@pytest.mark.parametrize("clip_s", [0.3, 0.5, 0.9])
def test_fades_and_level_stay_where_too_little_would_be_left(tmp_path: Path, clip_s: float) -> None:
    excerpt = write(tmp_path / "faded.wav", faded(1, 0.5))
    whole, cut = (bank(excerpt, clip_s=clip_s, fade_s=fade_s).recordings[0] for fade_s in (0.0, 1.0))
    shorter = len(cut.samples) < len(whole.samples)
    assert len(cut.samples) >= clip_s * RATE
    assert shorter == (clip_s < 0.6)
    assert torch.equal(cut.samples, whole.samples) != shorter
    assert rms_dbfs(cut.samples) == pytest.approx(-20.0, abs=1e-3)


def test_excerpts_start_where_they_are_told(tmp_path: Path) -> None:
    path = write(tmp_path / "long.wav", noise(0, rumble=False, seconds=10)).path
    whole, first, last = bank(Excerpt(path, None), Excerpt(path, 3.0), Excerpt(path, 9.0)).recordings
    assert torch.equal(first.samples, whole.samples[3 * RATE : 5 * RATE])
    assert torch.equal(last.samples, whole.samples[9 * RATE :])
    assert first.samples.untyped_storage().nbytes() == 4 * len(first.samples)


def test_a_recording_half_as_long_as_a_clip_is_repeated(tmp_path: Path) -> None:
    (short,) = bank(write(tmp_path / "short.wav", noise(0, rumble=False, seconds=0.3))).recordings
    assert len(short.samples) == RATE // 2
    assert torch.equal(short.samples[-10:] != 0, torch.ones(10, dtype=torch.bool))


def test_what_lies_above_the_bandwidth_is_filled(tmp_path: Path) -> None:
    slow = torch.from_numpy(noise(0, rumble=False, seconds=3)[::4].copy())
    dull = resample(slow, old_rate=RATE // 4, new_rate=RATE)
    excerpt = write(tmp_path / "dull.wav", dull.numpy())
    plain, told = (
        SoundBank([excerpt], audio=AUDIO, clip_s=0.5, window_s=1.0, bandwidths_hz=known).recordings[0]
        for known in ((), (RATE / 8,))
    )
    highest = slice(7, 8)  # of the mel bands
    assert float((told.textures - plain.textures)[:, highest].mean()) > 2
    # Both come at one level, and what is filled in takes a part of it.
    torch.testing.assert_close(told.textures[:, 0], plain.textures[:, 0], atol=0.5, rtol=0)


@pytest.mark.parametrize("channels", [1, 2])
def test_a_stereo_recording_has_a_width_where_the_model_draws_two_channels(
    channels: int, tmp_path: Path
) -> None:
    left, right = noise(0, rumble=False, seconds=3), noise(1, rumble=False, seconds=3)
    stereo = write(tmp_path / "stereo.wav", np.stack([left, right], 1))
    mono = write(tmp_path / "mono.wav", left)
    audio = replace(AUDIO, channels=channels)
    of_stereo, of_mono = SoundBank([stereo, mono], audio=audio, clip_s=0.5, window_s=1.0).recordings
    assert of_mono.width is None
    assert (of_stereo.width is None) == (channels == 1)
    if of_stereo.width is not None:
        assert float(of_stereo.width[4:].mean()) == pytest.approx(1.0, abs=0.1)
    torch.testing.assert_close(
        of_stereo.samples / of_stereo.samples.std(),
        torch.from_numpy((left + right) / np.std(left + right)).float(),
        atol=1e-3,
        rtol=0,
    )


def test_all_bad_recordings_are_named_together(tmp_path: Path) -> None:
    good = write(tmp_path / "good.wav", noise(0, rumble=False))
    late = Excerpt(good.path, 1.8)
    half_silent = write(tmp_path / "half.wav", np.concatenate([noise(0, rumble=False), np.zeros(2 * RATE)]))
    bad = [
        write(tmp_path / "silent.wav", np.zeros(RATE)),
        write(tmp_path / "nan.wav", np.full(RATE, np.nan)),
        write(tmp_path / "one.wav", np.ones(1)),
        write(tmp_path / "short.wav", noise(0, rumble=False, seconds=0.2)),
        Excerpt(tmp_path / "empty.wav", None),
        Excerpt(tmp_path / "text.wav", None),
        late,
        Excerpt(half_silent.path, 2.0),
    ]
    (tmp_path / "empty.wav").touch()
    (tmp_path / "text.wav").write_text("no sound")
    with pytest.raises(PairError) as caught:
        bank(good, *bad)
    message = str(caught.value)
    assert message.startswith("8 of 9 recordings cannot be used: ")
    assert "\n" not in message
    for name in ("silent", "nan", "one", "empty", "text"):
        assert f"{name}.wav" in message
    assert "short.wav lasts 0.2 s; training needs 0.5 s." in message
    assert "good.wav from start_s 1.8 lasts 0.2 s; training needs 0.5 s." in message
    assert "half.wav from start_s 2 is silent: its level stays below -80 dBFS." in message


def test_long_lists_are_whole() -> None:
    with pytest.raises(PairError, match=r"^12 of 20 photos cannot be used: p0; p1; .*; p10; p11\.$"):
        refuse_if_any([f"p{n}." for n in range(12)], what="photos", total=20)
    refuse_if_any([], what="photos", total=20)


def test_window_too_short_for_a_texture_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"^window_s=0\.01: a texture at 4000 Hz needs at least 0\."):
        bank(write(tmp_path / "a.wav", noise(0, rumble=False)), window_s=0.01)


def test_progress_counts_recordings(tmp_path: Path) -> None:
    one = write(tmp_path / "a.wav", noise(0, rumble=False))
    counted: list[int] = []
    SoundBank([one, one], audio=AUDIO, clip_s=0.5, window_s=1.0, progress=counted.append)
    assert counted == [1, 1]


def test_an_offset_does_not_count_for_the_level(tmp_path: Path) -> None:
    samples = 0.01 * noise(0, rumble=False, seconds=3)
    plain, moved = bank(
        write(tmp_path / "plain.wav", samples), write(tmp_path / "moved.wav", samples + 0.5)
    ).recordings
    assert rms_dbfs(moved.samples) == pytest.approx(-20.0, abs=1e-3)
    torch.testing.assert_close(moved.samples, plain.samples, atol=1e-2, rtol=0)


def test_loudness_sets_another_level_than_mean_power(tmp_path: Path) -> None:
    rumble, hiss = (write(tmp_path / f"{r}.wav", noise(0, rumble=r, seconds=3)) for r in (True, False))
    made = SoundBank([rumble, hiss], audio=AUDIO, clip_s=0.5, window_s=2.0, level="loudness")
    for recording in made.recordings:
        assert integrated_lufs(recording.samples, sample_rate=RATE) == pytest.approx(-20.0, abs=0.01)
    assert rms_dbfs(made.recordings[0].samples) > rms_dbfs(made.recordings[1].samples) + 1
