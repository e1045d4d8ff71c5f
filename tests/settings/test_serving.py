"""What the server allows, and what it refuses to be told."""

from pathlib import Path

import pytest

from photowave.errors import ConfigError
from photowave.settings import ServeSettings
from photowave.web.guard import KnownHosts


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("port", 65_536),
        ("photos", "no/such/folder"),
        ("names", "photos.*.org"),
        ("names", "localhost,*photos.org"),
        ("names", "**"),
        ("names", "*.*.org"),
        ("names", "https://photos.example.org"),
        ("names", "photos.example.org:8000"),
        ("threads", 0),
        ("listeners", -1),
        ("ahead_s", float("nan")),
        ("requests_per_minute", 1),
        ("max_upload_mb", 0.0),
        ("max_megapixels", 1_000.0),
        ("max_download_s", float("inf")),
    ],
)
def test_what_is_out_of_range_is_named(name: str, value: object) -> None:
    with pytest.raises(ConfigError, match=name):
        ServeSettings(**{name: value})  # type: ignore[arg-type]


def test_only_this_machine_is_known_by_default(tmp_path: Path) -> None:
    assert "*" not in ServeSettings(photos=str(tmp_path)).known_hosts
    assert ServeSettings(host="0.0.0.0").known_hosts == ("*",)
    assert ServeSettings(names="a.example, b.example").known_hosts == ("a.example", "b.example")


@pytest.mark.parametrize("names", ["*", "*.example.org, localhost", "[::1]", "photos.example.org"])
def test_names_that_are_taken_make_a_server(names: str) -> None:
    known = ServeSettings(names=names).known_hosts
    KnownHosts(lambda *_: None, names=known)  # type: ignore[arg-type]
