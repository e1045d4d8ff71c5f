"""Faults of sound files are mended where nothing is lost by it, and else named with a remedy."""

import io
import os
import struct
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from photowave.audio import probe_sound, read_channels, read_sound, write_sound
from photowave.errors import MediaError

RATE = 8_000


def tone(seconds: float = 1.0, *, channels: int = 1) -> np.ndarray:
    wave = 0.3 * np.sin(2 * np.pi * 440 * np.arange(round(seconds * RATE)) / RATE)
    return np.repeat(wave[:, None], channels, 1)


def encoded(kind: str, subtype: str, samples: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, RATE, format=kind, subtype=subtype)
    return buffer.getvalue()


@pytest.mark.parametrize("size", [0, 0xFFFF_FFFF])
def test_a_wav_whose_recorder_was_stopped_is_read_to_its_end(size: int, tmp_path: Path) -> None:
    whole = bytearray(encoded("WAV", "PCM_16", tone(channels=2)))
    place = whole.index(b"data") + 4
    expected = tmp_path / "whole.wav"
    expected.write_bytes(whole)
    struct.pack_into("<I", whole, place, size)
    struct.pack_into("<I", whole, 4, size)
    stopped = tmp_path / "stopped.wav"
    stopped.write_bytes(whole)
    torch.testing.assert_close(read_sound(stopped)[0], read_sound(expected)[0], rtol=0, atol=0)
    assert probe_sound(stopped) == probe_sound(expected)


def test_an_empty_wav_is_still_refused(tmp_path: Path) -> None:
    path = tmp_path / "empty.wav"
    path.write_bytes(encoded("WAV", "PCM_16", np.zeros((0, 1))))
    with pytest.raises(MediaError, match=r"holds 0 sample"):
        read_sound(path)


def test_chained_ogg_is_refused_by_what_it_is(tmp_path: Path) -> None:
    one = encoded("OGG", "VORBIS", tone())
    path = tmp_path / "chained.ogg"
    path.write_bytes(one)
    assert read_sound(path)[0].shape == (RATE,)
    path.write_bytes(one + encoded("OGG", "VORBIS", tone(2.0)))
    with pytest.raises(MediaError, match=r"several sounds, one after the other.*ffmpeg"):
        read_sound(path)


def test_flac_inside_ogg_is_named(tmp_path: Path) -> None:
    packet = b"\x7fFLAC\x01\x00\x00\x01fLaC" + bytes(38)
    page = b"OggS\0\x02" + bytes(20) + bytes([1, len(packet)]) + packet
    path = tmp_path / "flac.ogg"
    path.write_bytes(page)
    with pytest.raises(MediaError, match=r"FLAC inside Ogg.*ffmpeg"):
        read_sound(path)


def test_an_absurd_rate_is_refused_in_one_line(tmp_path: Path) -> None:
    content = bytearray(encoded("WAV", "PCM_16", tone()))
    struct.pack_into("<I", content, content.index(b"fmt ") + 12, 33_000_000)
    path = tmp_path / "fast.wav"
    path.write_bytes(content)
    with pytest.raises(MediaError, match="claims 33000000 samples per second") as caught:
        read_channels(path, sample_rate=16_000)
    assert "\n" not in str(caught.value)


def test_channels_that_cancel_are_not_called_silent(tmp_path: Path) -> None:
    path = tmp_path / "opposite.wav"
    samples = tone(channels=2)
    samples[:, 1] *= -1
    soundfile.write(path, samples, RATE, subtype="FLOAT")
    with pytest.raises(MediaError, match="they cancel each other"):
        read_sound(path)
    assert read_channels(path, sample_rate=RATE)[0].shape == (2, RATE)


@pytest.mark.parametrize("share", [0.3, 0.6])
def test_the_length_of_a_cut_mp3_is_that_of_what_decodes(share: float, tmp_path: Path) -> None:
    whole = encoded("MP3", "MPEG_LAYER_III", tone(8.0))
    path = tmp_path / "cut.mp3"
    path.write_bytes(whole[: round(share * len(whole))])
    told, decoded = probe_sound(path), read_sound(path)[0]
    assert told.duration_s == len(decoded) / RATE
    assert told.duration_s < 8.0 * (share + 0.1)


@pytest.mark.parametrize("channels", [1, 2])
def test_a_flac_of_unknown_length_is_read_to_its_end(channels: int, tmp_path: Path) -> None:
    noise = 0.1 * np.random.default_rng(0).standard_normal((30_011, channels))
    content = bytearray(encoded("FLAC", "PCM_16", noise))
    (tmp_path / "whole.flac").write_bytes(content)
    content[21] &= 0xF0  # the total of samples in STREAMINFO, RFC 9639, section 8.2: 36 bits of 0
    content[22:26] = bytes(4)
    (tmp_path / "piped.flac").write_bytes(content)
    piped, whole = (read_sound(tmp_path / f"{name}.flac")[0] for name in ("piped", "whole"))
    assert len(piped) == 30_011
    torch.testing.assert_close(piped, whole, rtol=0, atol=0)
    assert probe_sound(tmp_path / "piped.flac") == probe_sound(tmp_path / "whole.flac")


@pytest.mark.skipif(sys.platform == "win32", reason="names are text there")
@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "mp3"])
def test_a_name_that_is_no_text_is_written_and_read(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"caf\xe9." + suffix.encode())
    write_sound(path, torch.from_numpy(tone()[:, 0]), 44_100)
    assert len(read_sound(path)[0]) >= RATE
    assert [os.fsencode(file.name) for file in tmp_path.iterdir()] == [os.fsencode(path.name)]


@pytest.mark.parametrize("kind", ["WAV", "AIFF"])
def test_a_sound_that_breaks_off_is_read_with_a_word(
    kind: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / f"cut.{kind.lower()}"
    whole = encoded(kind, "PCM_16", tone())
    path.write_bytes(whole)
    read_sound(path)
    assert not caplog.messages
    path.write_bytes(whole[:-RATE])
    assert len(read_sound(path)[0]) == RATE // 2
    (said,) = caplog.messages
    assert said.startswith(f"{path} breaks off: ")


def test_an_mp3_of_another_length_than_it_says_is_read_with_a_word(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "a.mp3"
    write_sound(path, 0.1 * torch.randn(2 * 44_100, generator=torch.Generator().manual_seed(0)), 44_100)
    read_sound(path)
    assert not caplog.messages
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    samples, rate = read_sound(path)
    assert 0.8 < len(samples) / rate < 1.2
    (said,) = caplog.messages
    assert f"{len(samples) / rate:.2f} s decode" in said
