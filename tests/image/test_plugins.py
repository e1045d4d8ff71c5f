"""HEIC and JPEG XL are read where their plugins are installed, and named with a remedy where they are not."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from photowave.errors import MediaError
from photowave.image import plugins
from photowave.image.decode import find_photos, read_photo
from photowave.image.plugins import register_plugins

KINDS = {"HEIF": ".heic", "JXL": ".jxl"}


def half_red(kind: str, *, orientation: int = 1) -> bytes:
    """A photo 64 wide and 32 high, red on the left and blue on the right, before its orientation."""
    register_plugins()
    pixels = np.zeros((32, 64, 3), np.uint8)
    pixels[:, :32, 0] = pixels[:, 32:, 2] = 230
    exif = Image.Exif()
    exif[0x0112] = orientation
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, kind, quality=95, exif=exif.tobytes())
    return buffer.getvalue()


@pytest.mark.parametrize("kind", KINDS)
def test_they_are_read_upright(kind: str) -> None:
    flat = np.asarray(read_photo(half_red(kind)), dtype=int)
    assert flat.shape == (32, 64, 3)
    assert flat[:, :24, 0].min() > 180
    assert flat[:, :24, 2].max() < 60
    turned = np.asarray(read_photo(half_red(kind, orientation=6)), dtype=int)  # its left edge lies on top
    assert turned.shape == (64, 32, 3)
    assert turned[:24, :, 0].min() > 180
    assert turned[40:, :, 2].min() > 180


@pytest.mark.parametrize("kind", KINDS)
def test_folders_list_them(kind: str, tmp_path: Path) -> None:
    photo = tmp_path / f"beach{KINDS[kind].upper()}"
    photo.write_bytes(half_red(kind))
    assert find_photos(photo.parent) == [photo]


@pytest.mark.parametrize("kind", KINDS)
def test_cut_off_files_are_refused_in_words(kind: str) -> None:
    whole = half_red(kind)
    for length in (len(whole) // 2, len(whole) - 20):
        with pytest.raises(MediaError, match="photo given as bytes"):
            read_photo(whole[:length])


@pytest.mark.parametrize(("kind", "called"), [("HEIF", "HEIC"), ("JXL", "JPEG XL")])
def test_without_the_plugin_the_extra_is_named(
    kind: str, called: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = half_red(kind)
    monkeypatch.setattr(plugins, "find_spec", lambda module: None)
    monkeypatch.delitem(Image.OPEN, kind)
    with pytest.raises(MediaError, match=rf"is a {called} photo.*photowave\[heic\]"):
        read_photo(content)


def test_other_files_are_not_taken_for_them() -> None:
    assert plugins.lacking(b"") is None
    assert plugins.lacking(b"\x00\x00\x00\x1cftypavif") is None
    assert plugins.lacking(b"\xff\xd8\xff\xe0") is None
