"""`photowave serve`: a page that plays photos, and a walk through them."""

from collections.abc import Sequence
from pathlib import Path

from jsonargparse import ArgumentParser

from photowave.cli.parsing import make_parser, parse, settings_of
from photowave.cli.quick import loading
from photowave.settings import ServeSettings


def build_parser(command: str) -> ArgumentParser:
    """Make the parser."""
    parser = make_parser(command, "Serves a page that plays photos, and a walk through a folder of them.")
    parser.add_class_arguments(ServeSettings)
    parser.add_argument("--model", default="default", help="'default', which ships, or a model file")
    return parser


def run(command: str, arguments: Sequence[str]) -> int:
    """Parse, take the port, load, serve until told to stop."""
    parsed = parse(build_parser(command), arguments)
    settings = settings_of(ServeSettings, parsed)
    with loading():
        import torch

        from photowave.generation import load
        from photowave.web.app import build_app
        from photowave.web.server import serve, take_port
        from photowave.web.watch import log_to_stderr
    with take_port(settings.host, settings.port) as taken:
        model = parsed.model if parsed.model == "default" else Path(parsed.model).name
        # The drawing threads share the cores among them; each of them is to keep to one.
        torch.set_num_threads(1)
        app = build_app(load(parsed.model), settings, model=model)
        log_to_stderr()
        serve(app, settings, taken)
    return 0
