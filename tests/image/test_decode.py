"""Photos of every mode come out upright, RGB, 8 bits; whatever else comes in is a MediaError."""

import io
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from photowave.errors import MediaError
from photowave.image import decode
from photowave.image.decode import find_photos, photo_sha256, photo_size, read_photo

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)
_ORIENTATION = 0x0112


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def pixels(source: decode.PhotoSource) -> np.ndarray:
    photo = read_photo(source)
    assert photo.mode == "RGB"
    return np.asarray(photo)


@pytest.fixture
def upright() -> np.ndarray:
    return np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3) * 13


# EXIF 2.32, tag 0x0112: where the stored rows and columns lie in the upright photo; here as the way to store.
STORED = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.swapaxes(0, 1),
    6: lambda a: np.rot90(a, 1),
    7: lambda a: a[::-1, ::-1].swapaxes(0, 1),
    8: lambda a: np.rot90(a, -1),
}


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP"])
def test_every_exif_orientation_is_undone(upright: np.ndarray, orientation: int, kind: str) -> None:
    exif = Image.Exif()
    exif[_ORIENTATION] = orientation
    stored = Image.fromarray(np.ascontiguousarray(STORED[orientation](upright)))
    options = {"lossless": True} if kind == "WEBP" else {}
    np.testing.assert_array_equal(pixels(encoded(stored, kind, exif=exif, **options)), upright)


def test_a_decoded_picture_is_turned_too_and_stays_as_it_was(upright: np.ndarray) -> None:
    exif = Image.Exif()
    exif[_ORIENTATION] = 6
    stored = Image.fromarray(np.ascontiguousarray(STORED[6](upright)))
    picture = Image.open(io.BytesIO(encoded(stored, exif=exif)))
    np.testing.assert_array_equal(pixels(picture), upright)
    assert picture.size == (2, 3)
    once = read_photo(picture)
    np.testing.assert_array_equal(pixels(once), upright)
    assert once is not read_photo(once)


def test_broken_exif_does_not_hide_the_photo() -> None:
    photo = Image.new("RGB", (4, 2), RED)
    assert read_photo(encoded(photo, exif=b"Exif\0\0MM\0*\0\0\0\x08\0\x09garbage")).size == (4, 2)
    assert read_photo(encoded(photo, exif=b"Exif\0\0no tiff header")).size == (4, 2)


def test_transparent_palette_lies_on_white() -> None:
    palette = Image.new("P", (2, 1))
    palette.putpalette([*RED, *GREEN])
    palette.putpixel((1, 0), 1)
    for kind in ("PNG", "GIF"):
        data = encoded(palette, kind, transparency=1)
        np.testing.assert_array_equal(pixels(data), [[RED, WHITE]])
    np.testing.assert_array_equal(pixels(encoded(palette)), [[RED, GREEN]])


def test_alpha_is_composited_on_white() -> None:
    half = (255 + 127) // 2
    np.testing.assert_allclose(
        pixels(encoded(Image.new("RGBA", (1, 1), (0, 0, 255, 128)))), [[[127, 127, 255]]]
    )
    np.testing.assert_array_equal(pixels(encoded(Image.new("LA", (1, 1), (0, 0)))), [[WHITE]])
    grey = pixels(encoded(Image.new("LA", (1, 1), (127, 128))))
    np.testing.assert_allclose(grey, half, atol=1)
    np.testing.assert_array_equal(pixels(encoded(Image.new("RGB", (1, 1), RED), transparency=RED)), [[WHITE]])
    np.testing.assert_array_equal(pixels(encoded(Image.new("L", (1, 1), 9), transparency=9)), [[WHITE]])
    for mode in ("La", "RGBa"):
        np.testing.assert_array_equal(pixels(Image.new(mode, (1, 1), 0)), [[WHITE]])


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "CMYK", "YCbCr", "HSV"])
def test_plain_modes_keep_black_and_white_apart(mode: str) -> None:
    picture = Image.new("RGB", (2, 1), "white")
    picture.putpixel((0, 0), (0, 0, 0))
    np.testing.assert_array_equal(pixels(picture.convert(mode)), [[(0, 0, 0), WHITE]])


def test_cmyk_files_show_their_colours() -> None:
    for kind in ("JPEG", "TIFF"):
        found = pixels(encoded(Image.new("CMYK", (8, 8), (0, 255, 255, 0)), kind))
        np.testing.assert_allclose(found, np.broadcast_to(RED, (8, 8, 3)), atol=3)


@given(st.lists(st.integers(0, 65_535), min_size=1, max_size=50))
@settings(deadline=None)
def test_grey_of_16_bits_is_scaled_not_clipped(values: list[int]) -> None:
    picture = Image.fromarray(np.array([values], dtype=np.uint16))
    expected = [[round(value / 257)] * 3 for value in values]
    for source in (picture, encoded(picture), encoded(picture, "TIFF")):
        np.testing.assert_array_equal(pixels(source)[0], expected)


def test_16_bits_in_either_byte_order_and_in_32_bit_integers() -> None:
    big_endian = b"P5 2 1 65535\n" + struct.pack(">2H", 0x8080, 0xFFFF)
    np.testing.assert_array_equal(pixels(big_endian)[0, :, 0], [0x80, 0xFF])
    swapped = Image.frombytes("I;16B", (2, 1), struct.pack(">2H", 0x8080, 0xFFFF))
    np.testing.assert_array_equal(pixels(swapped)[0, :, 0], [0x80, 0xFF])
    beyond = Image.fromarray(np.array([[-100_000, 0, 100_000]], dtype=np.int32))
    np.testing.assert_array_equal(pixels(beyond)[0, :, 0], [0, 128, 255])


def test_floats_are_scaled_from_0_to_1_or_stretched() -> None:
    def grey(*values: float) -> list[int]:
        return pixels(Image.fromarray(np.array([values], dtype=np.float32)))[0, :, 0].tolist()

    assert grey(0.0, 0.2, 1.0) == [0, 51, 255]
    assert grey(0.0, 0.2) == [0, 51]
    assert grey(-1.0, 0.0, 4.0) == [0, 51, 255]
    assert grey(7.0, 7.0) == [0, 0]
    assert grey(float("nan"), float("inf"), 1.0) == [0, 0, 255]


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "TIFF"])
def test_first_frame_of_an_animation(kind: str) -> None:
    frames = [Image.new("RGB", (4, 4), colour) for colour in (BLUE, RED)]
    options = {"lossless": True} if kind == "WEBP" else {}
    data = encoded(frames[0], kind, save_all=True, append_images=frames[1:], **options)
    with Image.open(io.BytesIO(data)) as check:
        assert check.n_frames == 2
    np.testing.assert_array_equal(pixels(data), np.broadcast_to(BLUE, (4, 4, 3)))


def test_every_kind_of_source_gives_the_same_photo(tmp_path: Path, upright: np.ndarray) -> None:
    data = encoded(Image.fromarray(upright))
    path = tmp_path / "photo"
    path.write_bytes(data)

    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

        def seek(self, *_: int) -> int:
            raise io.UnsupportedOperation

    with path.open("rb") as file:
        file.read(5)
        for source in (path, str(path), data, file, io.BytesIO(data), Pipe(data), Image.open(path)):
            np.testing.assert_array_equal(pixels(source), upright)
        assert not file.closed
        assert photo_sha256(file) == photo_sha256(data) == photo_sha256(path) == photo_sha256(str(path))


def test_hash_of_a_picture_follows_mode_size_and_pixels() -> None:
    variants = [
        Image.new("RGB", (2, 3), RED),
        Image.new("RGB", (3, 2), RED),
        Image.new("RGB", (2, 3), BLUE),
        Image.new("RGBA", (2, 3), RED),
    ]
    assert len({photo_sha256(picture) for picture in variants}) == 4
    assert photo_sha256(variants[0]) == photo_sha256(Image.new("RGB", (2, 3), RED))


def bomb(side: int = 30_000) -> bytes:
    """A PNG whose header promises side x side pixels and whose data hold none."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b""))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("pillow_limit", [None, 1_000, Image.MAX_IMAGE_PIXELS])
def test_pixel_bomb_is_refused_whatever_pillow_is_told(
    monkeypatch: pytest.MonkeyPatch, pillow_limit: int | None
) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", pillow_limit)
    with pytest.raises(MediaError, match=r"photo given as bytes .*900000000 pixels"):
        read_photo(bomb())
    assert pillow_limit == Image.MAX_IMAGE_PIXELS


def test_photo_between_pillows_warning_and_the_limit_is_read(
    monkeypatch: pytest.MonkeyPatch, recwarn: pytest.WarningsRecorder
) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 60)
    assert read_photo(encoded(Image.new("RGB", (10, 10)))).size == (10, 10)
    assert not recwarn.list


def test_limit_holds_for_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decode, "MAX_PIXELS", 99)
    with pytest.raises(MediaError, match="10 x 10 = 100 pixels; a photo has 1 to 99"):
        read_photo(Image.new("RGB", (10, 10)))
    with pytest.raises(MediaError, match="0 x 0 = 0 pixels"):
        read_photo(Image.new("RGB", (0, 0)))


def test_bad_files_are_named_with_a_remedy(tmp_path: Path) -> None:
    jpeg = encoded(Image.effect_noise((64, 64), 80), "JPEG")
    files = {
        "empty.jpg": (b"", r"is empty \(0 bytes\)\. Copy"),
        "text.jpg": (b"this is a letter, not a photo\n" * 20, r"no photo format .*JPEG.*Save it as"),
        "cut.jpg": (jpeg[: len(jpeg) // 2], "cannot be decoded: .*truncated.*Copy or export"),
        "drawing.eps": (encoded(Image.new("RGB", (4, 4)), "EPS"), "no photo format"),
    }
    for name, (data, rule) in files.items():
        path = tmp_path / name
        path.write_bytes(data)
        with pytest.raises(MediaError, match=rule) as caught:
            read_photo(path)
        assert str(caught.value).startswith(str(path))
        assert "\n" not in str(caught.value)
        if data:
            with pytest.raises(MediaError, match=f"^photo given as bytes.*{rule}"):
                read_photo(data)
    for action in (read_photo, photo_sha256):
        with pytest.raises(MediaError, match=r"gone\.jpg does not exist"):
            action(tmp_path / "gone.jpg")
        with pytest.raises(MediaError, match="is a folder, not a photo"):
            action(tmp_path)
        with pytest.raises(MediaError, match="photo given as bytes is empty"):
            action(b"")
        with pytest.raises(MediaError, match="mode 'rb'"):
            action(io.StringIO("text"))  # type: ignore[arg-type]
        with pytest.raises(MediaError, match="of type int"):
            action(7)  # type: ignore[arg-type]
        with pytest.raises(MediaError):
            action("a\0b.jpg")


def test_picture_that_turns_out_damaged_is_refused() -> None:
    jpeg = encoded(Image.effect_noise((64, 64), 80), "JPEG")
    lazy = Image.open(io.BytesIO(jpeg[: len(jpeg) // 2]))
    for action in (read_photo, photo_sha256):
        with pytest.raises(MediaError, match=r"photo given as a picture cannot be decoded: .*truncated"):
            action(lazy)


SAMPLES = [
    encoded(Image.effect_noise((24, 24), 80).convert("RGB"), kind)
    for kind in ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM")
]


@given(st.sampled_from(SAMPLES), st.data())
@settings(deadline=None, max_examples=200)
def test_damage_is_either_survived_or_a_media_error(data: bytes, draw: st.DataObject) -> None:
    broken = bytearray(data[: draw.draw(st.integers(1, len(data)))])
    for place in draw.draw(st.lists(st.integers(0, len(broken) - 1), max_size=8)):
        broken[place] = draw.draw(st.integers(0, 255))
    try:
        assert read_photo(bytes(broken)).mode == "RGB"
    except MediaError as error:
        assert "\n" not in str(error)  # noqa: PT017


def test_folders_are_expanded_in_order(tmp_path: Path) -> None:
    for name in ("b.JPG", "a.png", ".hidden.jpg", "notes.txt", "c.webp"):
        (tmp_path / name).touch()
    (tmp_path / "deeper.jpg").mkdir()
    odd = tmp_path / "notes.txt"
    names = [path.name for path in find_photos([odd, str(tmp_path)])]
    assert names == ["notes.txt", "a.png", "b.JPG", "c.webp"]
    assert find_photos(str(odd)) == [odd]
    with pytest.raises(MediaError, match="folder without photos"):
        find_photos([tmp_path / "deeper.jpg"])
    with pytest.raises(MediaError, match="gone does not exist"):
        find_photos([odd, tmp_path / "gone"])


def test_a_folder_of_folders_says_that_they_can_be_searched(tmp_path: Path) -> None:
    (tmp_path / "sea").mkdir()
    (tmp_path / "sea" / "a.jpg").touch()
    with pytest.raises(MediaError, match=r"search its folders \(recursive\)"):
        find_photos(tmp_path)
    assert find_photos(tmp_path, recursive=True) == [tmp_path / "sea" / "a.jpg"]


def test_reading_photos_does_not_import_torch() -> None:
    code = "from photowave.image import read_photo, find_photos, photo_sha256, PHOTO_SUFFIXES, PhotoSource\n"
    code += "import sys; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("turned", [1, 3, 6, 8])
def test_the_size_is_told_as_it_will_be_read(turned: int) -> None:
    exif, file = Image.Exif(), io.BytesIO()
    exif[0x0112] = turned
    Image.new("RGB", (60, 40)).save(file, "JPEG", exif=exif)
    assert photo_size(file.getvalue()) == read_photo(file.getvalue()).size


def test_the_size_of_a_photo_is_told_without_its_pixels() -> None:
    file = io.BytesIO()
    Image.new("RGB", (600, 400), "red").save(file, "BMP")
    assert photo_size(file.getvalue()[:200]) == (600, 400)


@pytest.mark.parametrize("content", [b"", b"no photo", b"\xff\x0a" + b"\0" * 50, b"\x89PNG\r\n\x1a\n"])
def test_what_tells_no_size_is_refused(content: bytes) -> None:
    with pytest.raises(MediaError):
        photo_size(content)
