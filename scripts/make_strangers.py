"""Pictures of no place: what `scripts/name_places.py --strangers` asks a model about.

    python scripts/make_strangers.py OUT_FOLDER [--places data/places]

Writes pictures that come with scikit-image (a portrait, a cat, coffee, coins, text, cells, the moon), noise,
plain colours, documents and drawings, the same each time; and with `--places` copies the photos of that set
whose place has no sound: kitchens and offices.
"""

import argparse
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import skimage
from PIL import Image, ImageDraw

SAMPLES = (
    *("astronaut.png", "brick.png", "camera.png", "cell.png", "chelsea.png", "chessboard_RGB.png"),
    *("clock_motion.png", "coffee.png", "coins.png", "color.png", "horse.png", "hubble_deep_field.jpg"),
    *("ihc.png", "logo.png", "microaneurysms.png", "moon.png", "motorcycle_left.png", "page.png"),
    *("phantom.png", "retina.jpg", "text.png"),
)
SILENT = ("kitchen_home", "office")
"""Places of the set that have photos and no sound."""
_OF_EACH = 5


def main(arguments: Sequence[str] | None = None) -> None:
    """Parse, make, tell."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path, help="folder for the pictures")
    parser.add_argument("--places", type=Path, default=None, help="the set of places")
    parsed = parser.parse_args(arguments)
    parsed.out.mkdir(parents=True, exist_ok=True)
    count = 0
    for name, picture in pictures():
        picture.convert("RGB").save(parsed.out / f"{name}.png")
        count += 1
    for place in SILENT if parsed.places else ():
        for photo in sorted((parsed.places / place / "photos").iterdir()):
            shutil.copyfile(photo, parsed.out / f"{place}-{photo.name}")
            count += 1
    print(f"{parsed.out}: {count} pictures")


def pictures() -> Iterator[tuple[str, Image.Image]]:
    """Give names and pictures, always the same."""
    samples = Path(skimage.__file__).parent / "data"
    for name in SAMPLES:
        if (samples / name).exists():
            yield Path(name).stem, Image.open(samples / name)
    random = np.random.default_rng(0)
    for number in range(_OF_EACH):
        yield f"noise-{number}", Image.fromarray(random.integers(0, 256, (300, 400, 3), dtype=np.uint8))
        yield f"plain-{number}", Image.new("RGB", (400, 300), tuple(random.integers(0, 256, 3).tolist()))
        yield f"document-{number}", _document(random)
        yield f"drawing-{number}", _drawing(random)


def _document(random: np.random.Generator) -> Image.Image:
    page = Image.new("RGB", (600, 800), "white")
    for y in range(40, 760, 18):
        words = ["".join(map(chr, random.integers(97, 123, random.integers(2, 9)))) for _ in range(12)]
        ImageDraw.Draw(page).text((40, y), " ".join(words), fill="black")
    return page


def _drawing(random: np.random.Generator) -> Image.Image:
    sheet = Image.new("RGB", (500, 500), tuple(random.integers(150, 256, 3).tolist()))
    for _ in range(12):
        left, right = sorted(random.integers(0, 500, 2).tolist())
        top, bottom = sorted(random.integers(0, 500, 2).tolist())
        colour = tuple(random.integers(0, 256, 3).tolist())
        ImageDraw.Draw(sheet).ellipse((left, top, right + 5, bottom + 5), colour, outline="black", width=4)
    return sheet


if __name__ == "__main__":
    main()
