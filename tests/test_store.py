"""Arrays on disk: found again, shared by processes, and never half."""

import hashlib
import os
import pickle
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from photowave.store import Store

WRITER = """
import sys
from pathlib import Path
import torch
from photowave.store import Store
with Store(Path(sys.argv[1])) as store:
    for number in range(10**9):
        key = f"{number}".encode()
        if store.find(key) is None:
            value = float(number)
            store.put(key, {"a": torch.full((number % 50, 3), value), "b": torch.tensor([value])})
        if number % 7 == 0:
            store.flush()
            print(number, flush=True)
"""


def test_arrays_are_found_by_any_later_store(tmp_path: Path) -> None:
    arrays = {"samples": torch.arange(6.0), "textures": torch.rand(2, 3), "none": torch.zeros(0, 4)}
    with Store(tmp_path) as store:
        assert store.find(b"key") is None
        entry = store.put(b"key", arrays)
        assert torch.equal(store.packs.read(entry)["samples"], arrays["samples"])
    with Store(tmp_path) as store:
        again = store.find(b"key")
        assert again == entry
        found = store.packs.read(again)
    assert found.keys() == arrays.keys()
    for name, array in arrays.items():
        assert torch.equal(found[name], array)
    assert again.shape("textures") == (2, 3)


def test_two_that_write_at_once_find_what_the_other_wrote(tmp_path: Path) -> None:
    with Store(tmp_path) as one, Store(tmp_path) as two:
        for number in range(4):
            (one, two)[number % 2].put(b"%d" % number, {"a": torch.tensor([float(number)])})
        one.flush()
        two.flush()
        for number in range(4):
            entry = (two, one)[number % 2].find(b"%d" % number)
            assert entry is not None
            assert one.packs.read(entry)["a"].tolist() == [number]


@pytest.mark.parametrize("lines", [1, 3])
def test_what_a_killed_writer_leaves_is_whole_and_the_next_goes_on(lines: int, tmp_path: Path) -> None:
    for _ in range(2):
        command = [sys.executable, "-c", WRITER, str(tmp_path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            last = [int(writer.stdout.readline()) for _ in range(lines)][-1]
            writer.send_signal(signal.SIGKILL)
    with Store(tmp_path) as store:
        for number in range(last + 1):
            entry = store.find(f"{number}".encode())
            assert entry is not None
            found = store.packs.read(entry)
            assert torch.equal(found["a"], torch.full((number % 50, 3), float(number)))
            assert found["b"].tolist() == [number]


def test_what_was_cut_off_counts_as_missing(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        store.put(b"first", {"a": torch.arange(4.0)})
        store.put(b"second", {"a": torch.arange(4.0)})
    (pack,) = (tmp_path / "packs").iterdir()
    os.truncate(pack, pack.stat().st_size - 4)
    with Store(tmp_path) as store:
        assert store.find(b"first") is not None
        assert store.find(b"second") is None
        pack.unlink()
    with Store(tmp_path) as store:
        assert store.find(b"first") is None


def test_packs_are_pickled_without_what_they_map(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        entry = store.put(b"key", {"a": torch.arange(100_000.0)})
        store.packs.read(entry)
        sent = pickle.dumps(store.packs)
    assert len(sent) < 1_000
    assert torch.equal(pickle.loads(sent).read(entry)["a"], torch.arange(100_000.0))


def test_a_file_is_hashed_once_until_it_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, hashed = tmp_path / "a\udcff.bin", []
    digest = hashlib.file_digest
    monkeypatch.setattr(hashlib, "file_digest", lambda *a: hashed.append(1) or digest(*a))

    def write(content: bytes, age_s: float) -> None:
        path.write_bytes(content)
        os.utime(path, (time.time() - age_s,) * 2)

    for content, age_s, times in ((b"one", 60, 1), (b"two", 50, 1), (b"longer", 50, 1), (b"new", 0, 2)):
        write(content, age_s)
        hashed.clear()
        for _ in range(2):
            with Store(tmp_path / "store") as store:
                assert store.sha256(path) == hashlib.sha256(content).digest()
        # What has just been written may be written again before the clock ticks.
        assert len(hashed) == times
