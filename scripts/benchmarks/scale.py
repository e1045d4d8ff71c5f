"""How long a training of 100,000 pairs takes to start, and how much memory: makes the pairs and measures.

    python scripts/benchmarks/scale.py make FOLDER --rows 100000
    python scripts/benchmarks/scale.py start FOLDER --steps 40      # the first time, then the second

The rows share some hundred small photos and recordings, which lie there under a name for each row (hard
links): so a figure is that of finding, checking and mapping so many files, not of decoding them. `start`
trains the recipe `scenes` with photos of 64 pixels. It tells the seconds from the start of the process to the
first step, by the clock and of the processor, the share of the steps that waits for clips, and the most
memory that is not a mapped file.
"""

import argparse
import csv
import json
import os
import threading
import time
from pathlib import Path

BEGAN = time.monotonic()
SPLITS = {"train": 0.9, "val": 0.05, "test": 0.05}
SCENES, RATE, SECONDS = 20, 16_000, 3.0


def make(folder: Path, rows: int, contents: int) -> None:
    """Write the contents of each split, a name for each row, and the manifest."""
    import numpy as np
    import soundfile
    from PIL import Image

    random = np.random.default_rng(0)
    lines = []
    for split, share in SPLITS.items():
        here = folder / split
        (here / "contents").mkdir(parents=True)
        own = max(SCENES, round(contents * share))
        for number in range(own):
            noise = random.standard_normal(round(SECONDS * RATE))
            slope = np.fft.irfft(
                np.fft.rfft(noise) / (1 + np.arange(len(noise) // 2 + 1)) ** (number % 7 / 8)
            )
            soundfile.write(here / f"contents/{number}.wav", 0.3 * slope / np.abs(slope).max(), RATE)
            pixels = random.integers(0, 256, (64, 64, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(here / f"contents/{number}.png")
        for row in range(round(rows * share)):
            if row % 1000 == 0:
                (here / str(row // 1000)).mkdir()
            name = f"{split}/{row // 1000}/{row}"
            for ending in ("wav", "png"):
                os.link(here / f"contents/{row % own}.{ending}", folder / f"{name}.{ending}")
            lines.append((f"{name}.png", f"{name}.wav", f"scene{row % own % SCENES}", split))
    with (folder / "pairs.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("photo", "sound", "scene", "split"), *lines])


def start(folder: Path, steps: int, batch_size: int) -> None:
    """Train a few steps and tell what it took."""
    peak = watch_memory()
    import lightning as L
    import yaml

    from photowave import recipes
    from photowave.settings import DataSettings, ModelConfig, TrainingSettings
    from photowave.training.setup import build_training, read_splits

    recipe = yaml.safe_load(Path(recipes.path("scenes")).read_text())
    recipe["model"]["image"]["resolution"] = 64
    data = DataSettings(**recipe["data"] | {"pairs": str(folder / "pairs.csv"), "batch_size": batch_size})
    task, pairs = build_training(
        config=ModelConfig.from_json(json.dumps(recipe["model"])),
        training=TrainingSettings(**recipe["training"]),
        data=data,
    )
    tell("built")
    pairs.setup("fit")
    tell("read")
    read_splits(task, pairs, "fit")
    tell("calibrated")

    class Clock(L.Callback):
        waited = stepped = 0.0
        last: float | None = None

        def on_train_batch_start(self, *_: object) -> None:
            now = time.monotonic()
            if self.last is None:
                tell("first step")
            else:
                self.waited += now - self.last
            self.began = now

        def on_train_batch_end(self, *_: object) -> None:
            self.last = time.monotonic()
            self.stepped += self.last - self.began

    clock = Clock()
    L.Trainer(
        accelerator="cpu",
        devices=1,
        max_steps=steps,
        limit_val_batches=0,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        callbacks=[clock],
    ).fit(task, datamodule=pairs)
    share = clock.waited / (clock.waited + clock.stepped)
    print(
        f"a step: {1000 * clock.stepped / steps:.0f} ms, waiting for clips: {100 * share:.1f} % of the time"
    )
    print(f"memory that is no mapped file: {peak[0] / 1e9:.2f} GB at most")


def tell(what: str) -> None:
    """Tell how long ago the process began, by the clock and of the processor."""
    clock_s, processor_s = time.monotonic() - BEGAN, time.process_time()
    print(f"{what}: {clock_s:.1f} s after the start, {processor_s:.1f} s of the processor", flush=True)


def watch_memory() -> list[int]:
    """Look at the anonymous memory of this process ten times a second (Linux); gives the most so far."""
    most = [0]

    def look() -> None:
        while True:
            text = Path("/proc/self/status").read_text()
            most[0] = max(most[0], 1024 * int(text.split("RssAnon:")[1].split()[0]))
            time.sleep(0.1)

    threading.Thread(target=look, daemon=True).start()
    return most


def main() -> None:
    """Parse and run."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=["make", "start"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--contents", type=int, default=400)
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--batch_size", type=int, default=4)
    given = parser.parse_args()
    if given.what == "make":
        make(given.folder, given.rows, given.contents)
    else:
        start(given.folder, given.steps, given.batch_size)


if __name__ == "__main__":
    main()
