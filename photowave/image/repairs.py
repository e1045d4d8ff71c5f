"""What Pillow leaves to its user: colour profiles, keys of transparency, unusual TIFFs, a missing end."""

import io
from contextlib import suppress

import numpy as np
from PIL import Image, ImageCms, TiffImagePlugin

_KEY_SCALES = {"L;2": 85, "L;4": 17}  # from a level of few bits to one of eight
_MIN_IS_WHITE = 0  # TIFF 6.0, tag 262
_PHOTOMETRIC, _SAMPLE_FORMAT, _BITS = 262, 339, 258
_END_OF_IMAGE = b"\xff\xd9"  # ITU-T T.81, B.1.1.3


def scale_colour_key(image: Image.Image) -> None:
    """Bring the colour that a PNG calls transparent to the eight bits that its pixels are read with.

    Pillow gives it as it stands in the file. Call it before the pixels are loaded.
    """
    key = image.info.get("transparency")
    tiles = getattr(image, "tile", None)
    raw = str(tiles[0].args) if image.format == "PNG" and tiles else ""
    if isinstance(key, tuple) and raw.endswith(";16B"):
        image.info["transparency"] = tuple(level >> 8 for level in key)
    elif isinstance(key, int) and raw in _KEY_SCALES:
        image.info["transparency"] = key * _KEY_SCALES[raw]


def to_srgb(image: Image.Image) -> Image.Image:
    """Convert colours by the profile a photo brings (Display P3, Adobe RGB, CMYK); without one, not at all.

    A profile that cannot be read or does not fit is passed over, as viewers do.
    """
    profile = image.info.get("icc_profile")
    if not profile or image.mode not in ("RGB", "RGBA", "CMYK", "L"):
        return image
    mode = "RGBA" if image.mode == "RGBA" else "RGB"
    with suppress(ImageCms.PyCMSError, OSError, ValueError, TypeError):
        own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        converted = ImageCms.profileToProfile(image, own, ImageCms.createProfile("sRGB"), outputMode=mode)
        if converted is not None:
            converted.info.pop("icc_profile", None)
            return converted
    return image


def grey_values(image: Image.Image) -> np.ndarray:
    """Grey values of 16 or 32 bits or floats, as the file means them, [height, width]."""
    values = np.asarray(image)
    tags = image.tag_v2 if isinstance(image, TiffImagePlugin.TiffImageFile) else {}
    if values.dtype == np.int32 and tags.get(_BITS) == (32,) and tags.get(_SAMPLE_FORMAT, (1,)) == (1,):
        values = values.view(np.uint32)
    if tags.get(_PHOTOMETRIC) == _MIN_IS_WHITE and image.mode.startswith("I;16"):
        values = 65_535 - values
    return values


def with_end(content: bytes) -> bytes | None:
    """Complete a JPEG of which nothing but the marker of its end is missing.

    Where every block was there, further data before the marker change nothing; where some are missing, they
    become blocks.

    Returns:
        The whole file; None if more is missing, or if it is no JPEG.
    """
    if not content.startswith(b"\xff\xd8") or content.endswith(_END_OF_IMAGE):
        return None
    bare = content.removesuffix(b"\xff")
    whole = bare + _END_OF_IMAGE
    try:
        one, other = (
            Image.open(io.BytesIO(data), formats=["JPEG"]).tobytes()
            for data in (whole, bare + b"\x55" * 256 + _END_OF_IMAGE)
        )
    except Exception:  # Pillow's decoders raise nearly anything on damaged data
        return None
    return whole if one == other else None
