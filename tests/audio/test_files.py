"""Sound files, good and bad."""

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from torch import Tensor

from photowave.audio.files import find_sounds, probe_sound, read_sound, write_sound
from photowave.errors import MediaError

RATE = 8_000


def tone(seconds: float = 0.5, frequency: float = 440.0, rate: int = RATE) -> Tensor:
    return 0.5 * torch.sin(2 * math.pi * frequency / rate * torch.arange(int(seconds * rate)))


def noise(count: int) -> Tensor:
    return torch.rand(count, generator=torch.Generator().manual_seed(1)) * 2 - 1


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "A.WAV", "straße 森.flac"])
def test_round_trip_is_exact_on_16_bit_steps(tmp_path: Path, name: str) -> None:
    samples = (noise(5000) * 32_767).round() / 32_768
    samples[0] = -1.0
    write_sound(tmp_path / name, samples, RATE)
    again, rate = read_sound(tmp_path / name)
    assert rate == RATE
    assert again.dtype == torch.float32
    assert torch.equal(again, samples)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_rounding_is_to_the_nearest_step_and_full_scale_is_kept_inside(tmp_path: Path) -> None:
    samples = noise(5000)
    samples[:2] = torch.tensor([1.0, -1.0])
    write_sound(tmp_path / "a.wav", samples, RATE)
    again, _ = read_sound(tmp_path / "a.wav")
    assert again[:2].tolist() == [32_767 / 32_768, -1.0]
    assert float((again[2:] - samples[2:]).abs().max()) <= 0.5 / 32_768


def test_channels_are_averaged(tmp_path: Path) -> None:
    left, right = tone(), 0.25 * noise(4000)
    soundfile.write(tmp_path / "a.wav", torch.stack([left, right], dim=1).numpy(), RATE, subtype="FLOAT")
    samples, _ = read_sound(tmp_path / "a.wav")
    assert torch.allclose(samples, (left + right) / 2)
    info = probe_sound(tmp_path / "a.wav")
    assert (info.duration_s, info.sample_rate, info.channels) == (0.5, RATE, 2)


@pytest.mark.parametrize(
    ("old", "new"), [(44_100, 16_000), (48_000, 16_000), (8_000, 32_000), (11_127, 16_000)]
)
def test_resampling_keeps_a_tone(tmp_path: Path, old: int, new: int) -> None:
    write_sound(tmp_path / "a.wav", tone(1.0, 1000.0, old), old)
    samples, rate = read_sound(tmp_path / "a.wav", sample_rate=new)
    assert rate == new
    assert abs(len(samples) - new) <= 1
    # Compared away from the ends, where the filter sees silence.
    middle = slice(new // 10, -new // 10)
    assert torch.allclose(samples[middle], tone(1.1, 1000.0, new)[: len(samples)][middle], atol=2e-3)


def test_frequencies_above_the_new_half_rate_are_removed(tmp_path: Path) -> None:
    write_sound(tmp_path / "a.wav", tone(1.0, 500.0, 48_000) + 0.4 * tone(1.0, 10_000.0, 48_000), 48_000)
    samples, _ = read_sound(tmp_path / "a.wav", sample_rate=16_000)
    assert torch.allclose(samples[1600:-1600], tone(1.0, 500.0, 16_000)[1600:-1600], atol=1e-3)


@pytest.mark.parametrize("suffix", ["ogg", "mp3"])
def test_compressed_formats_are_read(tmp_path: Path, suffix: str) -> None:
    soundfile.write(tmp_path / f"a.{suffix}", tone(2.0, rate=16_000).numpy(), 16_000)
    samples, rate = read_sound(tmp_path / f"a.{suffix}")
    assert rate == 16_000
    assert float(samples.abs().max()) == pytest.approx(0.5, abs=0.05)
    assert probe_sound(tmp_path / f"a.{suffix}").duration_s == len(samples) / rate


def make_float(samples: list[float]) -> Callable[[Path], None]:
    return lambda path: soundfile.write(path, np.array(samples, dtype="float32"), RATE, subtype="FLOAT")


def make_cut(file_format: str, share: float) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        soundfile.write(path, noise(32_000).numpy() / 4, 16_000, format=file_format)
        content = path.read_bytes()
        path.write_bytes(content[: int(len(content) * share)])

    return make


def make_slow(path: Path) -> None:
    soundfile.write(path, noise(100).numpy(), 10)


BAD = {
    "silent.wav": (make_float([0.0] * 100), "is silent: its peak is 0"),
    "hiss.wav": (make_float([5e-5, -5e-5] * 50), "is silent: its peak is -86 dBFS"),
    "nan.wav": (make_float([0.1, math.nan, 0.1]), "NaN or infinite"),
    "infinite.wav": (make_float([0.1, math.inf, 0.1]), "NaN or infinite"),
    "one.wav": (make_float([0.5]), r"holds 1 sample\(s\)"),
    "none.wav": (make_float([]), r"holds 0 sample\(s\)"),
    "empty.wav": (lambda path: path.write_bytes(b""), "is empty"),
    "text.wav": (
        lambda path: path.write_text("This is no sound at all.\n" * 50),
        "cannot be read as a sound",
    ),
    "corrupt.flac": (
        lambda path: path.write_bytes(b"fLaC" + bytes(range(256)) * 9),
        "cannot be read as a sound",
    ),
    "headerless.raw": (lambda path: path.write_bytes(bytes(1000)), "cannot be read as a sound"),
    "folder.wav": (lambda path: path.mkdir(), "is a folder"),
    "absent.wav": (lambda path: None, "no such file"),
    "slow.wav": (make_slow, "claims 10 samples per second"),
    "half.flac": (make_cut("FLAC", 0.5), "cannot be read as a sound"),
    "most.flac": (make_cut("FLAC", 0.99), "cannot be read as a sound"),
    "header.flac": (make_cut("FLAC", 0.001), "cannot be read as a sound"),
    "half.ogg": (make_cut("OGG", 0.5), "breaks off before its end"),
    "most.ogg": (make_cut("OGG", 0.99), "breaks off before its end"),
    "header.wav": (make_cut("WAV", 0.0003), "cannot be read as a sound"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_sounds_are_refused_in_one_line_that_names_them(tmp_path: Path, name: str) -> None:
    make, words = BAD[name]
    make(tmp_path / name)
    with pytest.raises(MediaError, match=words) as caught:
        read_sound(tmp_path / name)
    assert name in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["empty.wav", "text.wav", "folder.wav", "absent.wav", "half.ogg"])
def test_probing_refuses_what_is_no_sound(tmp_path: Path, name: str) -> None:
    make, words = BAD[name]
    make(tmp_path / name)
    with pytest.raises(MediaError, match=words):
        probe_sound(tmp_path / name)


def test_opposite_channels_are_silence(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", torch.stack([tone(), -tone()], dim=1).numpy(), RATE)
    with pytest.raises(MediaError, match="silent"):
        read_sound(tmp_path / "a.wav")


@pytest.mark.parametrize(
    ("name", "samples", "words"),
    [
        ("a.aac", tone(), r"Use \.wav"),
        ("a", tone(), r"Use \.wav"),
        ("a.wav", tone() * math.nan, "NaN"),
        ("a.wav", tone() * 3, "peak is 1.5"),
        ("a.wav", tone()[None], "shape"),
        ("a.wav", tone(0.0), "shape"),
        ("absent/a.wav", tone(), "cannot be written"),
        ("file/a.wav", tone(), "cannot be written"),
        ("taken.wav", tone(), "cannot be written"),
    ],
)
def test_bad_writes_leave_nothing_behind(tmp_path: Path, name: str, samples: Tensor, words: str) -> None:
    (tmp_path / "file").write_text("not a folder")
    (tmp_path / "taken.wav").mkdir()
    with pytest.raises(MediaError, match=words):
        write_sound(tmp_path / name, samples, RATE)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["file", "taken.wav"]


def test_a_failed_write_keeps_the_file_that_was_there(tmp_path: Path) -> None:
    write_sound(tmp_path / "a.wav", tone(), RATE)
    before = (tmp_path / "a.wav").read_bytes()
    with pytest.raises(MediaError, match="cannot be written"):
        write_sound(tmp_path / "a.wav", tone(), -1)
    assert [path.name for path in tmp_path.iterdir()] == ["a.wav"]
    assert (tmp_path / "a.wav").read_bytes() == before


def test_sounds_are_found_in_order(tmp_path: Path) -> None:
    (tmp_path / "sea").mkdir()
    for name in ("sea/b.FLAC", "sea/a.ogg", "c.wav", "photo.jpg", ".hidden.wav", "notes.txt"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "folder.wav").mkdir()
    assert find_sounds(tmp_path) == [tmp_path / name for name in ("c.wav", "sea/a.ogg", "sea/b.FLAC")]
    with pytest.raises(MediaError, match="is no folder"):
        find_sounds(tmp_path / "c.wav")


@pytest.mark.parametrize(("suffix", "bits"), [(".wav", 24), (".flac", 24), (".wav", 32)])
@pytest.mark.parametrize("channels", [1, 2])
def test_more_bits_keep_more_of_a_sound(suffix: str, bits: int, channels: int, tmp_path: Path) -> None:
    generator = torch.Generator().manual_seed(0)
    samples = (2 * torch.rand(channels, 3_000, generator=generator) - 1).squeeze(0)
    samples[..., 0], samples[..., 1] = 1.0, -1.0
    write_sound(tmp_path / f"a{suffix}", samples, 8_000, bits=bits)
    back, rate = soundfile.read(tmp_path / f"a{suffix}", dtype="float64")
    assert rate == 8_000
    off = np.abs(back.T - samples.double().numpy())
    assert off.max() <= (0.0 if bits == 32 else 2.0 ** (1 - bits) * (1 + 1e-9))
    assert np.delete(off, 0, -1).max() <= (0.0 if bits == 32 else 2.0**-bits)


@pytest.mark.parametrize("suffix", [".ogg", ".mp3"])
def test_compressed_files_sound_alike(suffix: str, tmp_path: Path) -> None:
    time = torch.arange(3 * 44_100) / 44_100
    samples = 0.3 * torch.stack([torch.sin(2_000 * time), torch.sin(3_000 * time)])
    write_sound(tmp_path / f"a{suffix}", samples, 44_100)
    back, rate = soundfile.read(tmp_path / f"a{suffix}")
    assert (rate, back.shape[1]) == (44_100, 2)
    assert back.shape[0] / rate == pytest.approx(3.0, abs=0.1)
    assert np.sqrt(np.square(back).mean(0)) == pytest.approx([0.3 / 2**0.5] * 2, rel=0.03)


def test_a_long_sound_fits_into_vorbis(tmp_path: Path) -> None:
    samples = 0.1 * torch.randn(2, 90 * 44_100, generator=torch.Generator().manual_seed(0))
    write_sound(tmp_path / "long.ogg", samples, 44_100)
    assert soundfile.info(tmp_path / "long.ogg").frames == samples.shape[1]


@pytest.mark.parametrize(
    ("name", "rate", "bits", "message"),
    [
        ("a.flac", 8_000, 32, "cannot write .flac with 32 bits"),
        ("a.mp3", 8_000, 24, "cannot write .mp3 with 24 bits"),
        ("a.mp3", 96_000, 16, "MP3 has no rate of 96000 Hz"),
    ],
)
def test_what_a_format_lacks_is_told(name: str, rate: int, bits: int, message: str, tmp_path: Path) -> None:
    with pytest.raises(MediaError, match=message):
        write_sound(tmp_path / name, torch.zeros(100), rate, bits=bits)
    assert not list(tmp_path.iterdir())


def test_a_constant_is_silent_and_an_offset_is_no_part_of_a_sound(tmp_path: Path) -> None:
    path = tmp_path / "offset.wav"
    soundfile.write(path, np.full(8_000, 0.4), 8_000, subtype="PCM_U8")
    with pytest.raises(MediaError, match="is silent: its peak is 0"):
        read_sound(path)
    sine = 0.05 * np.sin(np.arange(8_000) / 4)
    soundfile.write(path, sine + 0.4, 8_000, subtype="FLOAT")
    found, _ = read_sound(path)
    np.testing.assert_allclose(found, sine - sine.mean(), atol=1e-6)
