"""`photowave info`: what a model file holds."""

import dataclasses
from collections.abc import Sequence

from photowave.cli.parsing import make_parser, parse


def run(command: str, arguments: Sequence[str]) -> int:
    """Parse, load, tell."""
    parser = make_parser(command, "Tells what a model file holds.")
    parser.add_argument(
        "model", nargs="?", default="default", metavar="MODEL", help="a model file, or 'default'"
    )
    parsed = parse(parser, arguments)
    from photowave.checkpoint import default_model_path, load_model
    from photowave.model import TextureConditioner

    loaded = load_model(default_model_path() if parsed.model == "default" else parsed.model)
    model = loaded.model
    rate, wavenet = model.sample_rate, model.wavenet
    print(f"file              {loaded.path}")
    print(f"sha256            {loaded.sha256}")
    print(f"written by        photowave {loaded.package_version}")
    print(f"parameters        {sum(p.numel() for p in model.parameters()):,}")
    field = wavenet.receptive_field * model.codec.bands
    print(f"receptive field   {wavenet.receptive_field} frames, {1000 * field / rate:.0f} ms")
    if model.envelope is not None:
        steps, per_s = model.envelope.wavenet.receptive_field, model.envelope.knots_per_s
        print(f"envelope          {steps} steps, {steps / per_s:.1f} s, {per_s:.1f} a second")
    if isinstance(conditioner := model.conditioner, TextureConditioner):
        groups, left_out = len(set(conditioner.groups.tolist())), int(conditioner.left_out.sum())
        print(f"textures          {len(conditioner.groups)} in {groups} groups, {left_out} of them left out")
    for part in dataclasses.fields(model.config):
        settings = dataclasses.asdict(getattr(model.config, part.name))
        print(f"{part.name:17} " + ", ".join(f"{key}={value}" for key, value in settings.items()))
    return 0
