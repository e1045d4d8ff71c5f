"""`photowave gallery`: photos in, a folder of pages out that any web host can show."""

from collections.abc import Sequence
from pathlib import Path

from jsonargparse import ArgumentParser

from photowave.batch.targets import find_targets, not_used
from photowave.cli.output import tell_failure, tell_left_alone
from photowave.cli.parsing import make_parser, parse, settings_of
from photowave.cli.quick import loading
from photowave.errors import ConfigError, MediaError
from photowave.progress import telling
from photowave.settings import DrawSettings, SteerSettings

_TOGETHER = 16
"""Photos drawn at once, as `photowave generate` does."""


def build_parser(command: str) -> ArgumentParser:
    """Make the parser."""
    parser = make_parser(command, "Writes photos with their sounds as pages for any web host.")
    parser.add_argument("photos", nargs="*", metavar="PHOTO|FOLDER", help="photos, folders or patterns")
    parser.add_argument("--out", metavar="DIR", help="folder to write")
    parser.add_argument("--title", default="Photos and their sounds", help="what the page is called")
    parser.add_argument(
        "--credits", metavar="CSV", help="table with author, licence and source of each photo"
    )
    parser.add_argument(
        "--recursive", action="store_true", help="search folders below their first level, too"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace a gallery that is there")
    parser.add_class_arguments(DrawSettings, skip={"loop"})
    parser.set_defaults({"duration_s": 10.0})
    parser.add_class_arguments(SteerSettings, skip={"strict", "like"})
    parser.add_argument("--model", default="default", help="'default', which ships, or a model file")
    return parser


def run(command: str, arguments: Sequence[str]) -> int:
    """Parse, draw a loop for each photo, write all of it or nothing.

    Returns:
        0 if all went well, 1 if some photos were left out, 2 if all were.
    """
    parsed = parse(build_parser(command), arguments)
    if not parsed.photos or not parsed.out:
        raise ConfigError(
            "photos and --out are required: 'photowave gallery holiday --out pages'. "
            "'photowave gallery --help' tells more."
        )
    draw, steering = settings_of(DrawSettings, parsed, loop=True), settings_of(SteerSettings, parsed)
    targets = find_targets(parsed.photos, recursive=parsed.recursive)
    with loading():
        from photowave.generation import load
        from photowave.web.credits import Credits
        from photowave.web.gallery import Gallery, check_place, replaced_folder

        out = Path(parsed.out)
        check_place(out, overwrite=parsed.overwrite)
        known = Credits(None if parsed.credits is None else Path(parsed.credits))
        generator = load(parsed.model)
        generator.warm_up()
    failed = 0
    with replaced_folder(out) as folder, telling("photos", len(targets)) as step:
        gallery = Gallery(folder, title=parsed.title, sample_rate=generator.sample_rate)
        for first in range(0, len(targets), _TOGETHER):
            read = []
            for target in targets[first : first + _TOGETHER]:
                try:
                    photo = target.photo
                    assert photo is not None
                    content = photo.read_bytes() if isinstance(photo, Path) else photo
                    read.append((target, content, generator.read(photo, draw, steering)))
                except MediaError as error:
                    tell_failure(error)
                    failed += 1
            sounds = generator.generate_read([reading for *_, reading in read], draw)
            for (target, content, reading), sound in zip(read, sounds, strict=True):
                credit = known.of(target.photo) if isinstance(target.photo, Path) else ""
                gallery.add(target.name.name, content, reading, sound, credit=credit)
                step(1)
        if failed == len(targets):
            raise MediaError(f"none of {failed} photos can be read; nothing was written. Give other photos.")
        gallery.finish()
    print(f"{len(targets) - failed} photos -> {out / 'index.html'}")
    tell_left_alone(not_used(parsed.photos, recursive=parsed.recursive))
    return min(failed, 1)
