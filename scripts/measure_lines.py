"""How much of the recordings' lines do sounds for unseen photos have? Place by place, measured at 16 kHz.

    python scripts/measure_lines.py [--model FILE] [--pairs FOLDER] [--split test | --textures] [--seeds 3]

Lines are whistles, crickets, bells: how far the 99th percentile of a frame's spectrum stands above its local
median. Of each seed, the share of the recordings' excess over white noise is printed, places counting alike.

With --textures no photo takes part: sounds are compared with the training recordings that they come from, one
by one. By that the contrast of the default model was chosen.
"""

import argparse
import statistics
from collections.abc import Sequence

import photowave
from photowave.evaluation.studies.lines import measure_lines, measure_textures, share_of_excess
from photowave.pairs.sources import open_pairs
from photowave.settings import DrawSettings


def main(arguments: Sequence[str] | None = None) -> None:
    """Parse, draw and measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="default", help="a model file, or 'default'")
    parser.add_argument("--pairs", default=None, help="folder or manifest; default: the set of places")
    parser.add_argument("--split", default="test", choices=("train", "val", "test"))
    parser.add_argument("--textures", action="store_true", help="compare with the recordings learned from")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--duration_s", type=float, default=5.0)
    given = parser.parse_args(arguments)
    model, manifest = photowave.load(given.model), open_pairs(given.pairs)
    for seed in range(given.seeds):
        draw = DrawSettings(duration_s=given.duration_s, seed=seed)
        if given.textures:
            own, drawn = measure_textures(model, manifest, draw)
            off = [drawn[name] - own[name] for name in own]
            print(
                f"seed {seed}: {statistics.fmean(off):+.2f} dB beside the recordings "
                f"(median {statistics.median(off):+.2f}, {len(off)} of them)"
            )
            continue
        real, drawn = measure_lines(model, manifest, draw, split=given.split)
        if seed == 0:
            print("place: recordings, sounds for its photos (dB)")
            for place in sorted(drawn):
                print(f"  {place}: {real[place]:.1f}, {drawn[place]:.1f}")
        print(f"seed {seed}: {share_of_excess(real, drawn):.0%} of the recordings' excess over noise")


if __name__ == "__main__":
    main()
