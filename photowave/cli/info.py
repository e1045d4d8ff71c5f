"""`photowave info`: what a model file holds."""

import dataclasses
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from jsonargparse import ArgumentParser

from photowave.cli.output import show
from photowave.cli.parsing import make_parser, parse

if TYPE_CHECKING:
    from photowave.model import Catalogue


def build_parser(command: str) -> ArgumentParser:
    """Make the parser."""
    parser = make_parser(command, "Tells what a model file holds.")
    parser.add_argument(
        "model", nargs="?", default="default", metavar="MODEL", help="a model file, or 'default'"
    )
    return parser


def run(command: str, arguments: Sequence[str]) -> int:
    """Parse, load, tell."""
    parsed = parse(build_parser(command), arguments)
    from photowave.checkpoint import default_model_path, load_model
    from photowave.model import EnvelopeStack, KeptEnvelopes, TextureConditioner

    loaded = load_model(default_model_path() if parsed.model == "default" else parsed.model)
    model = loaded.model
    rate, wavenet = model.sample_rate, model.wavenet
    print(f"file              {loaded.path}")
    print(f"sha256            {loaded.sha256}")
    print(f"written by        photowave {loaded.package_version}")
    print(f"parameters        {sum(p.numel() for p in model.parameters()):,}")
    field = wavenet.receptive_field * model.codec.bands
    print(f"receptive field   {wavenet.receptive_field} frames, {1000 * field / rate:.0f} ms")
    if isinstance(model.envelope, KeptEnvelopes):
        knots, per_s = model.envelope.stretches.shape[1], model.envelope.knots_per_s
        print(f"envelope          kept, {knots / per_s:.0f} s of each texture, {per_s:.1f} steps a second")
    elif isinstance(model.envelope, EnvelopeStack):
        steps, per_s = model.envelope.wavenet.receptive_field, model.envelope.knots_per_s
        print(f"envelope          {steps} steps, {steps / per_s:.1f} s, {per_s:.1f} a second")
    if isinstance(conditioner := model.conditioner, TextureConditioner):
        drawn = conditioner.drawn.nonzero().flatten().tolist()
        groups = len(set(conditioner.groups[drawn].tolist()))
        print(
            f"textures          {len(drawn)} in {groups} groups, {int(conditioner.left_out.sum())} left out"
        )
    for part in dataclasses.fields(model.config):
        settings = dataclasses.asdict(getattr(model.config, part.name))
        show(f"{part.name:17} " + ", ".join(f"{key}={value}" for key, value in settings.items()), indent=18)
    if model.catalogue is not None and isinstance(conditioner, TextureConditioner):
        print()
        for line in _places(model.catalogue, drawn):
            show(line, indent=56)
    return 0


def _places(catalogue: "Catalogue", drawn: Sequence[int]) -> list[str]:
    """A table of the places that can be drawn: textures, recordings, seconds of sound and licences."""
    textures = Counter(catalogue.recordings[catalogue.owners[texture]].place for texture in drawn)
    lines = [f"{'place':24} textures  recordings  seconds  licences"]
    for place, count in sorted(textures.items()):
        origins = [origin for origin in catalogue.recordings if origin.place == place]
        seconds = sum(origin.seconds for origin in origins)
        licences = ", ".join(sorted({origin.licence or "unknown" for origin in origins}))
        lines.append(f"{place:24} {count:8}  {len(origins):10}  {seconds:7.0f}  {licences}")
    return lines
