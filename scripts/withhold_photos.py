"""Two manifests that tell whether recordings without photos help: one has them, one goes without.

    python scripts/withhold_photos.py OUT_FOLDER [--pairs FOLDER] [--every 2]
    photowave fit --config scenes --data.pairs OUT_FOLDER/with.csv
    photowave fit --config scenes --data.pairs OUT_FOLDER/without.csv

Of each scene every second recording of the training keeps its scene, the first of them always. The others
lose it in `with.csv`, so that no photo goes with them, and are not in `without.csv`. Photos, validation and
test stay as they are.
"""

import argparse
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from photowave.errors import PairError
from photowave.pairs.manifest import Row, write_manifest
from photowave.pairs.sources import open_pairs


def withhold(rows: Sequence[Row], *, every: int) -> tuple[list[Row], list[Row]]:
    """Part training recordings from their photos.

    Args:
        rows: As a folder of scenes gives them: a photo or a sound each.
        every: One recording of a scene in so many keeps its scene.

    Returns:
        The rows with the recordings that lost their photos, and without them.

    Raises:
        PairError: A row has both photo and sound, or a training recording has no scene to lose.
    """
    seen: dict[str | None, int] = defaultdict(int)
    with_them: list[Row] = []
    without: list[Row] = []
    for row in rows:
        if row.sound is not None and row.split == "train":
            if row.photo is not None or row.scene is None:
                has = "a photo" if row.photo is not None else "no scene"
                raise PairError(
                    f"{row.sound}: a recording with {has} in its row cannot lose its photos. Give a folder "
                    "of scenes, or rows with a scene and either a photo or a sound."
                )
            seen[row.scene] += 1
            if (seen[row.scene] - 1) % every:
                with_them.append(replace(row, scene=None))
                continue
        with_them.append(row)
        without.append(row)
    return with_them, without


def main(arguments: Sequence[str] | None = None) -> None:
    """Write both manifests."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("out", type=Path, help="folder for with.csv and without.csv")
    parser.add_argument("--pairs", help="folder of scenes; without it, the set of places")
    parser.add_argument("--every", type=int, default=2, help="one recording in so many keeps its scene")
    given = parser.parse_args(arguments)
    if given.every < 2:
        parser.error(f"--every {given.every}: must be at least 2, or no recording loses its photos.")
    try:
        parts = withhold(open_pairs(given.pairs).rows, every=given.every)
    except PairError as error:
        parser.error(str(error))
    given.out.mkdir(parents=True, exist_ok=True)
    for name, part in zip(("with.csv", "without.csv"), parts, strict=True):
        write_manifest(given.out / name, part)
        sounds = [row for row in part if row.sound is not None and row.split == "train"]
        alone = sum(row.scene is None for row in sounds)
        print(f"{given.out / name}: {len(sounds)} recordings to train on, {alone} of them without photos")


if __name__ == "__main__":
    main()
