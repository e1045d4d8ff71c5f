"""Kills `photowave generate` at random moments and sees that nothing is lost, half, or drawn twice."""

import argparse
import csv
import hashlib
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import tqdm

from photowave.batch.tar import read_member, read_shard, shard_paths


def make_photos(folder: Path, count: int) -> Path:
    """Write small photos and a table of them."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        pixels = np.random.default_rng(number).integers(0, 256, (3, 4, 3), dtype=np.uint8)
        picture = Image.fromarray(pixels).resize((64, 48), Image.Resampling.BICUBIC)
        picture.save(folder / f"{number}.png")
    table = folder / "photos.csv"
    with table.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerows([["photo", "seed"], *([f"{number}.png", number % 7] for number in range(count))])
    return table


def sounds(out: Path) -> dict[str, tuple[str, float]]:
    """What is there, packed or not: for each sound the hash of its bytes, and how long it took to draw.

    The latter tells whether it was drawn again. A sound that is cut off or not described fails here.
    """
    found = {}
    for path in shard_paths(out):
        for key, member in read_shard(path).items():
            content = read_member(path, member)
            assert len(content) == member.size
            found[key] = hashlib.sha256(content).hexdigest(), member.info["seconds_taken"]
    for path in (out / "unpacked").glob("[0-9]*.wav"):
        content = path.read_bytes()
        assert int.from_bytes(content[4:8], "little") + 8 == len(content), f"{path} is cut off"
        told = json.loads(path.with_suffix(".json").read_text())
        found[path.stem] = hashlib.sha256(content).hexdigest(), told["seconds_taken"]
    return found


def count_sounds(out: Path) -> int:
    """How many are there, quickly, while they become more."""
    keys = {path.stem for path in (out / "unpacked").glob("[0-9]*.wav")}
    for path in shard_paths(out):
        keys |= read_shard(path).keys()
    return len(keys)


def kill_at_moments(
    table: Path, out: Path, *, moments: int, photos: int, options: list[str], seed: int = 0
) -> Iterator[int]:
    """Run the command again and again, killed at a random number of sounds each time, then to its end.

    Args:
        table: From `make_photos`.
        out: Folder for the shards.
        moments: How often it is killed.
        photos: Rows of the table.
        options: For the command.
        seed: For the moments.

    Yields:
        After each run how many sounds are there; all that were there before are the same.
    """
    command = [sys.executable, "-m", "photowave", "generate", str(table), "--out", str(out)]
    chance = random.Random(seed)
    before: dict[str, tuple[str, float]] = {}
    for moment in [*sorted(chance.sample(range(1, photos), moments)), None]:
        with tempfile.TemporaryFile() as told:
            process = subprocess.Popen(
                [*command, "--skip_existing", *options], stdout=told, stderr=told, env=os.environ
            )
            while process.poll() is None and (moment is None or count_sounds(out) < moment):
                time.sleep(0.002)
            time.sleep(0 if moment is None else chance.uniform(0, 0.05))
            process.kill()
            code = process.wait()
            told.seek(0)
            assert code == 0 or (moment is not None and code == -9), told.read().decode()
        now = sounds(out)
        assert all(now.get(key) == sound for key, sound in before.items()), "lost, changed or drawn twice"
        before = now
        yield len(now)
    assert len(before) == photos


def main() -> None:
    """Do it with as many photos and moments as asked, and compare with a run that nobody killed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=int, default=1000)
    parser.add_argument("--moments", type=int, default=10)
    parser.add_argument("--shard_size", type=int, default=100)
    parser.add_argument("--duration_s", type=float, default=0.1)
    parser.add_argument("--model", default="default")
    given = parser.parse_args()
    options = [
        *("--shard_size", str(given.shard_size), "--duration_s", str(given.duration_s)),
        *("--model", given.model),
    ]
    with tempfile.TemporaryDirectory() as folder:
        table, out = make_photos(Path(folder) / "photos", given.photos), Path(folder) / "out"
        for there in kill_at_moments(table, out, moments=given.moments, photos=given.photos, options=options):
            tqdm.write(f"{there} of {given.photos} sounds are there")
        whole = Path(folder) / "whole"
        subprocess.run(
            [sys.executable, "-m", "photowave", "generate", table, "--out", whole, *options],
            stdout=subprocess.DEVNULL,
            check=True,
        )
        hashes, expected = (
            {key: content for key, (content, _) in sounds(path).items()} for path in (out, whole)
        )
        assert hashes == expected
    tqdm.write("all are there, none was drawn twice, and all are those of a run that nobody killed")


if __name__ == "__main__":
    main()
