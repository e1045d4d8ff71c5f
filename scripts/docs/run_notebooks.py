"""Runs the notebooks on a small part of the set of places, and keeps what they show for the documentation.

python scripts/docs/run_notebooks.py PLACES
"""

import argparse
import base64
import io
import itertools
import re
import shutil
import tempfile
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat
import soundfile
from nbclient import NotebookClient
from PIL import Image

from photowave.atomic import replacing
from photowave.pairs.manifest import read_manifest, write_manifest

ROOT = Path(__file__).resolve().parents[2]
SCENES = ("city_traffic", "forest_birds", "sea_waves")
MOST = {("photo", "train"): 6, ("photo", "val"): 2, ("photo", "test"): 2, ("sound", "train"): 3}
"""Of each scene; of recordings for validation and test there is one each."""
PARAMETERS: dict[str, dict[str, Any]] = {
    "evaluate": {
        "MODEL": "default", "PHOTOS": "photos", "PAIRS": "pairs.csv", "SPLIT": "test", "PHOTOS_PER_SCENE": 2,
        "SEEDS": 2, "DURATION_S": 3.0, "TEMPERATURES": [0.8, 1.0], "GUIDANCES": [1.0, 2.0],
        "OUT": "evaluation",
    },
    "train_and_listen": {
        "PAIRS": "pairs.csv", "PHOTOS": "photos", "OUT": "out", "MINUTES": 3.0, "RECORDINGS_PER_SCENE": 3,
        "PHOTOS_PER_SCENE": 6, "SAMPLE_RATE": 16_000, "DILATIONS": (1, 2, 4, 8, 16, 32, 64, 128, 256, 512),
        "CLIP_S": 0.5, "CLIPS_PER_EPOCH": 50, "SEEDS": [0], "DURATION_S": 3.0,
    },
}  # fmt: skip
_NOTE = """```{{note}}
{{download}}`Take this notebook <../../notebooks/{name}.ipynb>`, and install what it needs with
`pip install 'photowave[notebook]'`. Nothing else of this project has to be there but photos and recordings,
whose places stand in the first cell. Here it ran on a few files of three scenes.
```"""
_INSIDE = re.compile(r"data:(audio/flac|image/png);base64,([A-Za-z0-9+/=]+)")


def prepare(places: Path, folder: Path) -> None:
    """Lay out what the notebooks read: two photos, and a manifest of a few files of three scenes."""
    (folder / "photos").mkdir()
    for name in ("city.jpg", "sea.jpg"):
        shutil.copy(ROOT / "data" / "examples" / name, folder / "photos")
    seen: Counter[tuple[str | None, str, str]] = Counter()
    rows = []
    for row in read_manifest(places / "pairs.csv").rows:
        kind = "photo" if row.sound is None else "sound"
        seen[row.scene, kind, row.split] += 1
        if row.scene in SCENES and seen[row.scene, kind, row.split] <= MOST.get((kind, row.split), 1):
            rows.append(replace(row, also=tuple(scene for scene in row.also if scene in SCENES)))
    write_manifest(folder / "pairs.csv", rows)


def smaller(found: re.Match[str]) -> str:
    """Turn a FLAC into Ogg Vorbis and a PNG into JPEG: enough to show, at a tenth of the size."""
    content, out = io.BytesIO(base64.b64decode(found[2])), io.BytesIO()
    if found[1] == "audio/flac":
        samples, rate = soundfile.read(content)
        soundfile.write(out, samples, rate, format="OGG", subtype="VORBIS")
        kind = "audio/ogg"
    else:
        Image.open(content).convert("RGB").save(out, "JPEG", quality=80, optimize=True)
        kind = "image/jpeg"
    return f"data:{kind};base64,{base64.b64encode(out.getvalue()).decode()}"


def run(name: str, folder: Path) -> str:
    """Execute a notebook in a folder with the parameters above.

    Returns:
        A page of the documentation.
    """
    notebook = nbformat.read(ROOT / "scripts" / "notebooks" / f"{name}.ipynb", as_version=4)
    (cell,) = [c for c in notebook.cells if "parameters" in c.metadata.get("tags", [])]
    cell.source = "\n".join(f"{key} = {value!r}" for key, value in PARAMETERS[name].items())
    resources = {"metadata": {"path": str(folder)}}
    NotebookClient(notebook, timeout=1800, kernel_name="python3", resources=resources).execute()
    return page(notebook, name)


def page(notebook: Any, name: str) -> str:
    """Lay a notebook with its outputs out as MyST Markdown, with the file itself to take away."""
    title, *cells = notebook.cells
    parts = [title.source, _NOTE.format(name=name)]
    for cell in cells:
        if cell.cell_type == "markdown":
            parts.append(cell.source)
            continue
        parts.append(fenced("py", cell.source))
        for kind, several in itertools.groupby(map(shown, cell.outputs), key=lambda part: part[0]):
            parts.append(fenced(kind, "\n".join(content.strip("\n") for _, content in several)))
    return "\n\n".join(part for part in parts if part) + "\n"


def shown(output: Any) -> tuple[str, str]:
    """What an output is written as: the language of its block, and the content."""
    data = output.get("data", {})
    if "text/html" in data:
        return "{raw} html", _INSIDE.sub(smaller, data["text/html"])
    if "image/png" in data:
        url = f"data:image/png;base64,{data['image/png']}"
        return "{raw} html", _INSIDE.sub(smaller, f'<img alt="a plot" src="{url}">')
    text = data.get("text/markdown") or data.get("text/plain") or output.get("text", "")
    return "text", re.sub("\x1b\\[[0-9;]*m", "", text)


def fenced(kind: str, content: str) -> str:
    """A block of MyST, or nothing where there is nothing in it."""
    return f"````{kind}\n{content}\n````" if content.strip() else ""


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("places", type=Path, help="the folder of the set of places")
    parser.add_argument("names", nargs="*", default=list(PARAMETERS), help="notebooks; all if none is named")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        prepare(given.places, Path(made))
        for wanted in given.names:
            target = Path(__file__).parent / "notebooks" / f"{wanted}.md"
            with replacing(target) as temporary:
                temporary.write_text(run(wanted, Path(made)), encoding="utf-8")
