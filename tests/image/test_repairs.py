"""Photos come out in the colours that viewers show: profiles, colour keys, unusual TIFFs, a missing end."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms

from photowave.errors import MediaError
from photowave.image.decode import read_photo


def gradient(height: int = 48, width: int = 64) -> np.ndarray:
    """A picture in which every block differs from the others."""
    y, x = np.mgrid[:height, :width]
    return np.stack([4 * x % 256, 5 * y % 256, (x * y) % 256], -1).astype(np.uint8)


def jpeg(**options: object) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(gradient()).save(buffer, "JPEG", quality=95, **options)
    return buffer.getvalue()


def png(width: int, rows: list[bytes], *, bits: int, colour: int, key: bytes) -> bytes:
    """A PNG written by hand, with a colour that is transparent (ISO/IEC 15948, tRNS)."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, len(rows), bits, colour, 0, 0, 0)
    data = zlib.compress(b"".join(b"\0" + row for row in rows))
    parts = (chunk(b"IHDR", header), chunk(b"tRNS", key), chunk(b"IDAT", data), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def test_a_profile_is_followed() -> None:
    # A profile that swaps nothing but the tone: half of full scale in it is another level in sRGB.
    linear = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
    plain = np.asarray(read_photo(jpeg()), dtype=int)
    same = np.asarray(read_photo(jpeg(icc_profile=linear.tobytes())), dtype=int)
    assert np.abs(plain - same).max() <= 2
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    np.testing.assert_array_equal(np.asarray(read_photo(jpeg(icc_profile=lab))), plain)  # it does not fit
    np.testing.assert_array_equal(np.asarray(read_photo(jpeg(icc_profile=b"no profile"))), plain)


def test_a_key_of_sixteen_bits_is_that_colour() -> None:
    rows = [struct.pack(">6H", 1000, 2000, 3000, 65_535, 0, 0)]
    found = np.asarray(read_photo(png(2, rows, bits=16, colour=2, key=struct.pack(">3H", 1000, 2000, 3000))))
    assert found[0].tolist() == [[255, 255, 255], [255, 0, 0]]


@pytest.mark.parametrize(
    ("bits", "key", "row", "levels"), [(2, 1, b"\x1b", [0, 255, 170, 255]), (4, 2, b"\x02", [0, 255])]
)
def test_a_key_of_few_bits_is_that_level(bits: int, key: int, row: bytes, levels: list[int]) -> None:
    content = png(len(levels), [row], bits=bits, colour=0, key=struct.pack(">H", key))
    assert np.asarray(read_photo(content))[0, :, 0].tolist() == levels


def tiff(values: np.ndarray, *, white_is_zero: bool = False) -> bytes:
    """A TIFF of one strip, written by hand (TIFF 6.0)."""
    height, width = values.shape
    data = values.astype(values.dtype.newbyteorder("<")).tobytes()
    tags = [
        (256, width), (257, height), (258, 8 * values.itemsize), (259, 1), (262, 0 if white_is_zero else 1),
        (273, 8), (277, 1), (278, height), (279, len(data)), (339, 1),
    ]  # fmt: skip
    directory = struct.pack("<H", len(tags)) + b"".join(struct.pack("<HHII", t, 4, 1, v) for t, v in tags)
    return b"II*\0" + struct.pack("<I", 8 + len(data)) + data + directory + bytes(4)


def test_grey_of_32_bits_without_sign_is_not_folded() -> None:
    values = np.linspace(0, 2**32 - 1, 64).reshape(8, 8).astype(np.uint32)
    found = np.asarray(read_photo(tiff(values)), dtype=float)[..., 0]
    assert np.abs(found - values / (2**32 - 1) * 255).max() <= 1


def test_white_may_be_zero_at_16_bits() -> None:
    values = np.linspace(0, 65_535, 64).reshape(8, 8).astype(np.uint16)
    straight = np.asarray(read_photo(tiff(values)), dtype=int)
    negative = np.asarray(read_photo(tiff(values, white_is_zero=True)), dtype=int)
    assert np.abs(straight + negative - 255).max() <= 1


def test_a_jpeg_that_lacks_only_its_end_marker_is_read() -> None:
    whole = jpeg()
    expected = np.asarray(read_photo(whole))
    for cut in (1, 2):
        np.testing.assert_array_equal(np.asarray(read_photo(whole[:-cut])), expected)


@pytest.mark.parametrize("cut", [40, 400, 1_000])
def test_a_jpeg_that_lacks_more_is_refused(cut: int) -> None:
    with pytest.raises(MediaError, match="cannot be decoded"):
        read_photo(jpeg()[:-cut])
