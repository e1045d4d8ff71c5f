"""Tables of figures out of bench.json: for the documentation when it is built, for README as a command.

`python scripts/docs/bench_table.py README.md` writes the table anew between the two marks in that file.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

from photowave.benchmark.report import readable

FIGURES = Path(__file__).parent / "figures" / "bench.json"
MARKS = "<!-- figures: written by make bench -->", "<!-- end of figures -->"
MISSING = (
    "There are no figures yet. `photowave bench --out scripts/docs/figures/bench.json` measures this "
    "machine; the next build shows what came of it."
)
SHORT = (
    ("train_samples_per_s", "training, samples per second"),
    ("train_realtime_factor", "training, seconds of work per second of sound"),
    ("generate_samples_per_s", "generating, one photo on one core, samples per second"),
    ("generate_realtime_factor", "generating, one photo on one core, seconds of work per second of sound"),
    ("generate_realtime_factor_8_photos", "generating, eight photos at once, the same for each of them"),
    ("cold_generate_s", "`photowave generate` for one photo and 5 s of sound, from start to end, in seconds"),
    ("peak_rss_gb", "memory, in GB"),
)
"""What README shows."""


def full_table(tree: dict[str, Any]) -> str:
    """Write all figures as a Markdown table, with the machine below it."""
    lines = ["| | median | lowest | highest | | GFLOP/s | of peak |", "|---|--:|--:|--:|---|--:|--:|"]
    for figure in tree["figures"]:
        values = " | ".join(readable(figure[name]) for name in ("median", "min", "max"))
        reached = "" if figure["gflops"] is None else f"{figure['gflops']:.1f}"
        share = "" if figure["share_of_peak"] is None else f"{figure['share_of_peak']:.0%}"
        title = figure["title"].strip()
        lines.append(f"| {title} (`{figure['key']}`) | {values} | {figure['unit']} | {reached} | {share} |")
    return "\n".join([*lines, "", where(tree)])


def short_table(tree: dict[str, Any]) -> str:
    """Write the figures README shows as a Markdown table, with the machine below it."""
    lines = ["| | |", "|---|--:|"]
    lines += [f"| {title} | {readable(tree[key])} |" for key, title in SHORT if key in tree]
    return "\n".join([*lines, "", where(tree)])


def where(tree: dict[str, Any]) -> str:
    """Say when, on which machine and how it was measured."""
    machine, settings = tree["machine"], tree["settings"]
    quick = " with `--quick`" if settings["quick"] else ""
    return (
        f"Measured by `photowave bench`{quick} on {machine['date']}: {machine['cpu']}, "
        f"{machine['cores']} cores, {machine['memory_gb']:.0f} GB, {machine['system']}, "
        f"Python {machine['python']}, torch {machine['torch']}, photowave {machine['photowave']}. "
        "Medians of several runs."
    )


def main(path: str) -> int:
    """Write the short table between the marks of a Markdown file."""
    file = Path(path)
    table = short_table(json.loads(FIGURES.read_text(encoding="utf-8")))
    pattern = re.compile(f"({re.escape(MARKS[0])}\n).*?(\n{re.escape(MARKS[1])})", re.DOTALL)
    old = file.read_text(encoding="utf-8")
    if not pattern.search(old):
        print(f"{file} has no '{MARKS[0]}' with '{MARKS[1]}' below it. Put both in.", file=sys.stderr)
        return 2
    file.write_text(pattern.sub(lambda found: f"{found[1]}\n{table}\n{found[2]}", old), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
