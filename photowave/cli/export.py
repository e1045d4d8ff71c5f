"""`photowave export`: from a training checkpoint to a model file that can be shared."""

from collections.abc import Sequence
from pathlib import Path

from jsonargparse import ArgumentParser

from photowave.cli.parsing import make_parser, parse
from photowave.errors import ConfigError


def build_parser(command: str) -> ArgumentParser:
    """Make the parser."""
    parser = make_parser(command, "Turns a training checkpoint into a model file (averaged weights only).")
    parser.add_argument("checkpoint", metavar="CHECKPOINT", help="a .ckpt that 'photowave fit' wrote")
    parser.add_argument("out", metavar="OUT.safetensors", help="the model file to write")
    parser.add_argument("--overwrite", action="store_true", help="replace a model file that is there")
    parser.add_argument(
        "--contrast",
        type=float,
        help="draw with this contrast instead of the recipe's, see model.wavenet.contrast of 'photowave fit'",
    )
    return parser


def run(command: str, arguments: Sequence[str]) -> int:
    """Parse, convert, tell."""
    parsed = parse(build_parser(command), arguments)
    out = Path(parsed.out)
    if out.exists() and not parsed.overwrite:
        raise ConfigError(f"{out} is there already. Give --overwrite to replace it, or another name.")
    from photowave.calibration.export import finish, needs_finishing, set_contrast
    from photowave.checkpoint import check_target, load_training_checkpoint, save_model
    from photowave.model import TextureConditioner

    check_target(out)  # before minutes of work
    trained = load_training_checkpoint(parsed.checkpoint)
    model = trained.model
    if parsed.contrast is not None:
        set_contrast(model, parsed.contrast)
    if needs_finishing(trained):
        print("measuring free runs, and correcting the model by what they miss", flush=True)
    if finish(trained) and isinstance(conditioner := model.conditioner, TextureConditioner):
        print(f"textures left out: {int(conditioner.left_out.sum())} of {len(conditioner.left_out)}")
    save_model(model, out, encoder_fingerprint=trained.encoder_fingerprint)
    size = sum(t.numel() * t.element_size() for t in model.state_dict().values())
    print(f"{parsed.checkpoint} -> {out}  ({size / 1e6:.1f} MB)")
    return 0
