"""Damaged files: whatever changes, readers answer or refuse in a line, soon, and lose nothing unsaid."""

import io
import random
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from jsonargparse import ArgumentError
from PIL import Image
from tiny_models import tiny_config, tiny_model

from photowave.audio import probe_sound, read_sound
from photowave.checkpoint import (
    checkpoint_metadata,
    load_model,
    load_training_checkpoint,
    save_model,
)
from photowave.cli import fit
from photowave.cli.parsing import refuse_nulls
from photowave.cli.recipes import with_paths
from photowave.errors import ConfigError, PhotowaveError
from photowave.image import read_photo
from photowave.pairs.manifest import read_manifest

MUTATIONS = 200
RATE = 8_000
FRAMES = 4_000
LONGEST_S = 20.0
"""What counts as a hang: a thousand times what any of them takes."""


def mutations(content: bytes, *, seed: str) -> Iterator[bytes]:
    """Damage a file in each of the ways that disks, cables and editors do: the same ways every time."""
    chance = random.Random(seed)
    for number in range(MUTATIONS):
        damaged = bytearray(content)
        kind = number % 5
        if kind == 0:
            for _ in range(chance.randint(1, 8)):
                damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
        elif kind == 1:  # in the header, where lengths and kinds stand
            for _ in range(chance.randint(1, 4)):
                damaged[chance.randrange(min(64, len(damaged)))] = chance.choice((0, 1, 127, 128, 255))
        elif kind == 2:
            del damaged[chance.randrange(len(damaged)) :]
        elif kind == 3:
            at = chance.randrange(len(damaged))
            damaged[at : at + chance.randint(1, 40)] = chance.randbytes(chance.randint(0, 40))
        else:
            at, other = chance.randrange(len(damaged)), chance.randrange(len(damaged))
            damaged[at : at + 16] = damaged[other : other + 16]
        yield bytes(damaged)


def photo(kind: str) -> bytes:
    pixels = np.random.default_rng(0).integers(0, 256, (24, 32, 3), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, kind)
    return buffer.getvalue()


def sound(kind: str, subtype: str, channels: int) -> bytes:
    tone = 0.3 * np.sin(np.arange(FRAMES) / 3)[:, None].repeat(channels, 1)
    buffer = io.BytesIO()
    soundfile.write(buffer, tone, RATE, format=kind, subtype=subtype)
    return buffer.getvalue()


def declared(content: bytes, channels: int) -> int | None:
    """How many samples a WAV or FLAC file says that it has, by a look where these files have it."""
    if content[:4] == b"fLaC":
        return int.from_bytes(content[21:26], "big") & 0xF_FFFF_FFFF or None
    if content[:4] == b"RIFF" and content[36:40] == b"data":
        size, bits = int.from_bytes(content[40:44], "little"), int.from_bytes(content[34:36], "little")
        kind = int.from_bytes(content[20:22], "little")
        return size * 8 // bits // channels if kind == 1 and bits in (8, 16, 24, 32) and size else None
    return None


def endures(read: Callable[[Path], object], name: str, content: bytes, folder: Path) -> int:
    """Read each damaged file; how many were read."""
    path, good = folder / name, 0
    path.write_bytes(content)
    read(path)
    for number, damaged in enumerate(mutations(content, seed=name)):
        path.write_bytes(damaged)
        began = time.monotonic()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                read(path)
            good += 1
        except PhotowaveError as error:
            if "\n" in str(error):
                raise AssertionError(f"damage {number} of {name} takes two lines: {error}") from error
        except Exception as error:
            raise AssertionError(f"damage {number} of {name}: {error!r}") from error
        assert time.monotonic() - began < LONGEST_S, f"damage {number} of {name} takes too long"
    return good


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_photos(kind: str, tmp_path: Path) -> None:
    assert endures(read_photo, f"a.{kind.lower()}", photo(kind), tmp_path) < MUTATIONS


@pytest.mark.parametrize(
    ("kind", "subtype"),
    [("WAV", "PCM_16"), ("FLAC", "PCM_16"), ("OGG", "VORBIS"), ("MP3", "MPEG_LAYER_III")],
)
@pytest.mark.parametrize("channels", [1, 2])
def test_sounds(
    kind: str, subtype: str, channels: int, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def read(path: Path) -> None:
        caplog.clear()
        samples, rate = read_sound(path)
        info = probe_sound(path)
        assert info.duration_s == len(samples) / rate, "a length that is told and not there"
        wanted = declared(path.read_bytes(), info.channels)
        assert wanted in (None, len(samples)) or caplog.messages, (wanted, len(samples))

    name = f"{channels}.{kind.lower()}"
    assert endures(read, name, sound(kind, subtype, channels), tmp_path) < MUTATIONS


def test_model_files(tmp_path: Path) -> None:
    save_model(tiny_model(tiny_config()), tmp_path / "good.safetensors", encoder_fingerprint="abc")
    content = (tmp_path / "good.safetensors").read_bytes()
    same = sum(damaged == content for damaged in mutations(content, seed="a.safetensors"))
    assert endures(load_model, "a.safetensors", content, tmp_path) == same


def test_checkpoints(tmp_path: Path) -> None:
    model = tiny_model(tiny_config())
    weights = {f"model.{name}": tensor for name, tensor in model.state_dict().items()}
    metadata = checkpoint_metadata(model, encoder_fingerprint="abc", free_run=None)
    buffer = io.BytesIO()
    torch.save({"state_dict": weights, "photowave": metadata}, buffer)

    def read(path: Path) -> None:
        found = load_training_checkpoint(path).model.state_dict()
        assert all(torch.equal(found[name], tensor) for name, tensor in model.state_dict().items())

    endures(read, "a.ckpt", buffer.getvalue(), tmp_path)


def test_manifests(tmp_path: Path) -> None:
    for name in ("a.jpg", "b.jpg", "a.wav", "b.wav"):
        (tmp_path / name).write_text(name)
    lines = ["photo,sound,scene,split,also,start_s", "a.jpg,a.wav,sea,train,lake,0.5", ",b.wav,sea,val,,"]
    content = "\n".join([*lines, 'b.jpg,,"the, lake",train,sea,', ""]).encode()
    assert endures(read_manifest, "a.csv", content, tmp_path) < MUTATIONS


def test_settings(tmp_path: Path) -> None:
    parser = fit.build_parser("fit")  # takes a third of a second, and does not change

    def read(path: Path) -> None:
        arguments = with_paths(["--config", str(path)])
        try:
            parsed = parser.parse_args(arguments)
            for key, kind in fit._SETTINGS.items():
                refuse_nulls(kind, parsed[key], f"{key}.")
            parser.instantiate(parsed)
        except (ArgumentError, ValueError, TypeError) as error:
            if not fit._is_refusal(error):
                raise
            raise ConfigError(fit._sentence(error)) from error

    lines = ["model:", "  wavenet: {output: mixture, mixtures: 2}", "data: {clip_s: 0.5, batch_size: 2}"]
    content = "\n".join([*lines, "trainer:", "  max_steps: 5", "seed_everything: 3", ""]).encode()
    assert 0 < endures(read, "a.yaml", content, tmp_path) < MUTATIONS
