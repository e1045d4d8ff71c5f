"""`photowave export`: from a training checkpoint to a model file that can be shared."""

from collections.abc import Sequence

from photowave.cli.parsing import make_parser, parse


def run(command: str, arguments: Sequence[str]) -> int:
    """Parse, convert, tell."""
    parser = make_parser(command, "Turns a training checkpoint into a model file (averaged weights only).")
    parser.add_argument("checkpoint", metavar="CHECKPOINT", help="a .ckpt that 'photowave fit' wrote")
    parser.add_argument("out", metavar="OUT.safetensors", help="the model file to write")
    parsed = parse(parser, arguments)
    from photowave.checkpoint import load_training_checkpoint, save_model

    model, fingerprint = load_training_checkpoint(parsed.checkpoint)
    save_model(model, parsed.out, encoder_fingerprint=fingerprint)
    size = sum(t.numel() * t.element_size() for t in model.state_dict().values())
    print(f"{parsed.checkpoint} -> {parsed.out}  ({size / 1e6:.1f} MB)")
    return 0
