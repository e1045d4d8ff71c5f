"""Recordings of hours: read in blocks, they are what they would be as a whole."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from tiny_scenes import RATE, noise

from photowave.audio import SpectralEnvelope
from photowave.pairs import long_recording, recording
from photowave.pairs.bank import SoundBank
from photowave.pairs.pairing import Excerpt
from photowave.settings import AudioConfig

AUDIO = AudioConfig(sample_rate=RATE, texture_mels=8, channels=2)
ENVELOPE = SpectralEnvelope(sample_rate=RATE, mels=8, hops=4)

HOURS = """
import sys, threading, time
from pathlib import Path
from photowave.audio import SpectralEnvelope
from photowave.pairs.bank import SoundBank
from photowave.pairs.pairing import Excerpt
from photowave.settings import AudioConfig

def anonymous():
    return 1024 * int(Path("/proc/self/status").read_text().split("RssAnon:")[1].split()[0])

def look():
    while True:
        most[0] = max(most[0], anonymous())
        time.sleep(0.01)

def read(path):
    return SoundBank(
        [Excerpt(Path(path), None)], audio=AudioConfig(sample_rate=1_000, texture_mels=8), clip_s=0.5,
        window_s=5.0, cache=Path(sys.argv[1]), envelope=SpectralEnvelope(sample_rate=1_000, mels=8, hops=4),
    )

read(sys.argv[3])  # what libraries take when they are first used hangs on no length
before = anonymous()
most = [before]
threading.Thread(target=look, daemon=True).start()
bank = read(sys.argv[2])
print(bank.duration_s, len(bank.recordings[0].textures), most[0] - before)
"""


@pytest.mark.parametrize(("file_rate", "offset"), [(RATE, 0.0), (2 * RATE, 0.3)])
def test_blocks_give_what_the_whole_gives(
    file_rate: int, offset: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "long.wav"
    left, right = (0.2 * noise(seed, rumble=True, seconds=file_rate / RATE * 10.3) for seed in (0, 1))
    samples = np.stack([left, right], 1) + offset
    soundfile.write(path, samples, file_rate, subtype="FLOAT")

    def read() -> recording.Recording:
        given = {"audio": AUDIO, "clip_s": 0.5, "window_s": 2.0, "fade_s": 0.5, "envelope": ENVELOPE}
        (found,) = SoundBank([Excerpt(path, None)], **given).recordings
        return found

    whole = read()
    for module in (long_recording, recording):
        monkeypatch.setattr(module, "LONG_S", 4.0)
    monkeypatch.setattr(long_recording, "_BLOCK_S", 2)
    parts = read()
    torch.testing.assert_close(parts.samples, whole.samples, atol=1e-5, rtol=0)
    torch.testing.assert_close(parts.textures, whole.textures, atol=1e-3, rtol=0)
    torch.testing.assert_close(parts.levels, whole.levels, atol=1e-3, rtol=0)
    torch.testing.assert_close(parts.spectra, whole.spectra, atol=2e-3, rtol=0)
    assert parts.width is not None


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is told by Linux only")
def test_ten_hours_take_bounded_memory(tmp_path: Path) -> None:
    path = tmp_path / "night.flac"
    minute = (0.1 * noise(0, rumble=True, seconds=15)).astype(np.float32)  # 60 s at 1000 Hz
    short = tmp_path / "minute.flac"
    soundfile.write(short, minute, 1_000)
    with soundfile.SoundFile(path, "w", 1_000, 1) as file:
        for _ in range(600):
            file.write(minute)
    run = subprocess.run(
        [sys.executable, "-c", HOURS, str(tmp_path / "cache"), str(path), str(short)],
        capture_output=True,
        text=True,
        check=True,
    )
    duration_s, windows, taken = run.stdout.split()
    assert (float(duration_s), int(windows)) == (36_000.0, 35_996)
    # Less than the samples alone would take.
    assert int(taken) < 4 * 36_000_000
