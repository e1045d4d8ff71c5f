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

from photowave import store as module
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

READER = """
import sys
from pathlib import Path
from photowave.store import Store
store = Store(Path(sys.argv[1]))
entry = store.find(b"key")
print(store.packs.read(entry)["a"].tolist(), flush=True)
sys.stdin.read()
"""
KILLED_PRUNER = """
import os, sys
from pathlib import Path
from photowave.store import Store
Path.unlink = lambda self: os.kill(os.getpid(), 9)
Store(Path(sys.argv[1])).prune(most_bytes=0)
"""
PRUNER = """
import sys
from pathlib import Path
from photowave.store import Store
with Store(Path(sys.argv[1])) as store:
    print("ready", flush=True)
    while True:
        store.prune(most_bytes=0)
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


def test_many_are_found_as_each_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_ROWS", 7)
    keys = [b"%d" % number for number in range(20)]
    with Store(tmp_path) as store:
        for number, key in enumerate(keys[::2]):
            store.put(key, {"a": torch.full((number % 3, 2), float(number))})
        store.flush()
        found = store.find_all(keys)
        assert sorted(found) == sorted(keys[::2])
        assert found == {key: entry for key in keys if (entry := store.find(key)) is not None}


def test_many_files_are_hashed_as_each_is_hashed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_ROWS", 3)
    paths = [tmp_path / f"{number}.bin" for number in range(8)]
    for number, path in enumerate(paths):
        path.write_bytes(b"%d" % (number % 5))
        os.utime(path, (time.time() - 60,) * 2)
    gone = tmp_path / "gone.bin"
    for content in (b"first", b"now other"):
        paths[4].write_bytes(content)
        with Store(tmp_path / "store") as store:
            found = store.sha256s([*paths, gone])
        assert found == {path: hashlib.sha256(path.read_bytes()).digest() for path in paths}


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


def test_files_that_are_gone_are_forgotten_by_and_by(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_FEWEST_LOOKED_AT", 5)
    paths = [tmp_path / f"{number:02}.bin" for number in range(60)]
    for path in paths:
        path.write_bytes(b"content")
        os.utime(path, (time.time() - 60,) * 2)
    with Store(tmp_path / "store") as store:
        store.sha256s(paths)
        store.flush()
        assert store.forget_gone() == 0
        for path in paths[::2]:
            path.unlink()
        # Each time looks at some from anywhere on: the first ones have one chance in fifty.
        assert 5 <= store.forget_gone() <= 6
        forgotten = [store.forget_gone() for _ in range(1_000)]
        assert all(number <= 6 for number in forgotten)
        known = store._known([os.fsencode(path) for path in paths])
    assert sorted(known) == sorted(os.fsencode(path) for path in paths[1::2])


def filled(folder: Path, keys: str, *, numbers: int = 100) -> list[Path]:
    """A pack for each key, the first unused longest."""
    for age, key in enumerate(keys):
        with Store(folder) as store:
            entry = store.put(key.encode(), {"a": torch.full((numbers,), float(age))})
        os.utime(folder / "packs" / entry.pack, (time.time() - 1_000 + age,) * 2)
    return sorted((folder / "packs").iterdir(), key=lambda path: path.stat().st_mtime)


def there(folder: Path, keys: str) -> str:
    with Store(folder) as store:
        return "".join(key for key in keys if store.find(key.encode()) is not None)


def test_what_is_written_into_an_array_stays_with_the_writer(tmp_path: Path) -> None:
    filled(tmp_path, "k")
    with Store(tmp_path) as one, Store(tmp_path) as two:
        mine, theirs = (each.packs.read(entry)["a"] for each in (one, two) if (entry := each.find(b"k")))
        mine.mul_(0).add_(7)
        assert (mine == 7).all()
        assert (theirs == 0).all()
    with Store(tmp_path) as store:
        again = store.find(b"k")
        assert again is not None
        assert (store.packs.read(again)["a"] == 0).all()


def test_packs_unused_longest_go_first(tmp_path: Path) -> None:
    filled(tmp_path, "abcd")
    with Store(tmp_path) as store:
        entry = store.find(b"a")  # which uses it
        assert entry is not None
    del store
    with Store(tmp_path) as store:
        assert store.prune(most_bytes=1_000) == 800
        assert store.prune(most_bytes=1_000) == 0
    assert there(tmp_path, "abcd") == "ad"


def test_what_is_in_use_stays(tmp_path: Path) -> None:
    filled(tmp_path, "ab")
    with Store(tmp_path) as using:
        entry = using.find(b"a")
        assert entry is not None
        written = using.put(b"new", {"a": torch.ones(5)})
    sent = pickle.loads(pickle.dumps(using.packs))
    with Store(tmp_path) as other:
        other.prune(most_bytes=0)
    assert there(tmp_path, "ab") == "a"
    assert torch.equal(sent.read(written)["a"], torch.ones(5))
    held = using.packs.read(entry)["a"]
    del using, sent, other
    with Store(tmp_path) as other:
        other.prune(most_bytes=0)
    assert (tmp_path / "packs" / entry.pack).exists()
    assert (held == 0).all()


def test_what_another_process_uses_stays_until_it_ends(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        store.put(b"key", {"a": torch.arange(3.0)})
    del store
    command = [sys.executable, "-c", READER, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as reader:
        assert reader.stdout is not None
        assert reader.stdout.readline() == "[0.0, 1.0, 2.0]\n"
        with Store(tmp_path) as store:
            assert store.prune(most_bytes=0) == 0
        reader.kill()
    with Store(tmp_path) as store:
        assert store.prune(most_bytes=0) == 12
    assert there(tmp_path, "k") == ""


def test_a_pruner_that_is_killed_leaves_what_the_next_removes(tmp_path: Path) -> None:
    filled(tmp_path, "ab")
    command = [sys.executable, "-c", KILLED_PRUNER, str(tmp_path)]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    assert there(tmp_path, "ab") == "b"
    with Store(tmp_path) as store:
        assert store.prune(most_bytes=0) == 800
    assert not list((tmp_path / "packs").iterdir())


def test_who_reads_while_another_removes_reads_what_was_written(tmp_path: Path) -> None:
    command = [sys.executable, "-c", PRUNER, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as pruner:
        assert pruner.stdout is not None
        assert pruner.stdout.readline() == "ready\n"
        for number in range(60):
            with Store(tmp_path) as writer:
                writer.put(b"key", {"a": torch.full((50,), float(number))})
            del writer
            found_in_a_copy(tmp_path, float(number))
        pruner.kill()
    with Store(tmp_path) as store:
        store.prune(most_bytes=0)
    assert not list((tmp_path / "packs").iterdir())


def found_in_a_copy(folder: Path, number: float) -> None:
    """What is found can be read in a worker, too, that maps it later."""
    with Store(folder) as store:
        entry = store.find(b"key")
        if entry is not None:
            assert (pickle.loads(pickle.dumps(store.packs)).read(entry)["a"] == number).all()


def test_a_writer_begins_another_pack_once_one_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_PACK_BYTES", 1_000)
    with Store(tmp_path) as store:
        entries = [store.put(b"%d" % n, {"a": torch.full((100,), float(n))}) for n in range(7)]
    assert len({entry.pack for entry in entries}) == 3
    for n, entry in enumerate(entries):
        assert (store.packs.read(entry)["a"] == n).all()
