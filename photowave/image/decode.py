"""Photos in: any common file, bytes or picture becomes an upright 8-bit RGB image. No torch here."""

import hashlib
import io
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from photowave.errors import MediaError
from photowave.image.plugins import LONGEST_MARK, lacking, register_plugins
from photowave.image.repairs import grey_values, scale_colour_key, to_srgb, with_end
from photowave.image.source import PhotoSource, damaged, missing, photo_name, photo_stream

MAX_PIXELS = 178_956_970
"""Photos with more pixels are refused before they are decoded: as RGB this many take half a gigabyte."""

PHOTO_SUFFIXES = (
    *(".avif", ".bmp", ".gif", ".heic", ".heif", ".jfif", ".jpeg", ".jpg", ".jxl", ".mpo", ".pbm"),
    *(".pgm", ".png", ".pnm", ".ppm", ".tif", ".tiff", ".webp"),
)
"""Endings, in lower case, by which `find_photos` knows a photo in a folder."""

# Pillow knows many more; those left out are rare as photos, and some run other programs (EPS).
_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "PPM", "AVIF", "HEIF", "JXL")


def read_photo(source: PhotoSource) -> Image.Image:
    """Decode a photo.

    Orientation from EXIF is applied. Transparent parts lie on white. Of an animation the first frame is
    read. Grey values of 16 bits, and floats in 0 to 1, are scaled to 8 bits by their full range; other
    numbers are stretched from their least to their greatest.

    Args:
        source: The photo. A file object that can seek is read from its start, and is left open. A picture
            is not changed.

    Returns:
        A new picture of mode RGB.

    Raises:
        MediaError: There is no such file, it is empty, damaged or in no known format, or the photo has more
            than `MAX_PIXELS` pixels.
    """
    name = photo_name(source)
    with warnings.catch_warnings():
        # What Pillow can read in spite of a flaw is read; its size warning starts at half our own limit.
        warnings.simplefilter("ignore")
        if isinstance(source, Image.Image):
            return _checked_rgb(source, name)
        with photo_stream(source) as stream:
            try:
                image = Image.open(stream, formats=_formats())
            except UnidentifiedImageError as error:
                stream.seek(0)
                if (kind := lacking(stream.read(LONGEST_MARK))) is not None:
                    raise MediaError(
                        f"{name} is a {kind} photo, and what reads those is not installed. Install it with: "
                        "pip install 'photowave[heic]', or save the photo as JPEG or PNG."
                    ) from error
                known = ", ".join(_formats())
                raise MediaError(
                    f"{name} is in no photo format that can be read ({known}). Save it as JPEG or PNG."
                ) from error
            except Image.DecompressionBombError as error:
                rule = str(error).split(",")[0]
                raise MediaError(f"{name} is too large: {rule}. Scale it down.") from error
            except Exception as error:  # Pillow's readers raise nearly anything on a malformed header
                raise damaged(name, error) from error
            with image:
                try:
                    return _checked_rgb(image, name)
                except MediaError:
                    stream.seek(0)
                    if (whole := with_end(stream.read())) is None:
                        raise
                    with Image.open(io.BytesIO(whole), formats=["JPEG"]) as completed:
                        return _checked_rgb(completed, name)


def photo_size(source: str | Path | bytes) -> tuple[int, int]:
    """Tell how large a photo is without decoding it; no JPEG XL, whose reader decodes all at once.

    Args:
        source: Its path, or the bytes of its file.

    Returns:
        Width and height in pixels, upright.

    Raises:
        MediaError: It is empty, damaged or in no format that tells.
    """
    known = [name for name in _formats() if name != "JXL"]
    with warnings.catch_warnings(), photo_stream(source) as stream:
        warnings.simplefilter("ignore")
        try:
            with Image.open(stream, formats=known) as image:
                width, height = image.size
                turned = image.getexif().get(ExifTags.Base.Orientation, 1) in (5, 6, 7, 8)
        except UnidentifiedImageError as error:
            raise MediaError(
                f"the file is in no photo format that can be read here ({', '.join(known)}). "
                "Save it as JPEG or PNG."
            ) from error
        except Exception as error:  # as in `read_photo`
            raise damaged("the photo", error) from error
    return (height, width) if turned else (width, height)


def photo_sha256(source: PhotoSource) -> str:
    """Name a photo by its content.

    Args:
        source: The photo.

    Returns:
        SHA-256 in hexadecimal: of the file's bytes, or of a decoded picture's mode, size and upright RGB
        pixels.

    Raises:
        MediaError: The photo cannot be read. A file's bytes are not decoded here.
    """
    if isinstance(source, Image.Image):
        digest = hashlib.sha256(f"{source.mode} {source.width}x{source.height}\n".encode())
        digest.update(read_photo(source).tobytes())
        return digest.hexdigest()
    name = photo_name(source)
    with photo_stream(source) as stream:
        try:
            return hashlib.file_digest(stream, "sha256").hexdigest()
        except OSError as error:
            raise damaged(name, error) from error


def find_photos(paths: str | Path | Sequence[str | Path], *, recursive: bool = False) -> list[Path]:
    """List photos: files as they are given, and those in each folder, sorted by name.

    Hidden files are skipped, and so are files whose ending, in letters of any case, is not in
    `PHOTO_SUFFIXES`; a file that is named itself may have any ending.

    Args:
        paths: Files and folders.
        recursive: Whether folders are searched below their first level.

    Returns:
        The photos' paths, each once.

    Raises:
        MediaError: A path does not exist or a folder has no photos.
    """
    found: list[Path] = []
    for path in [Path(paths)] if isinstance(paths, str | Path) else map(Path, paths):
        if path.is_dir():
            found.extend(_photos_in(path, recursive=recursive))
        elif path.exists():
            found.append(path)
        else:
            raise missing(path)
    # A photo named twice, or lying in a folder that is named too, is one photo.
    return list({path.resolve(): path for path in reversed(found)}.values())[::-1]


def _photos_in(folder: Path, *, recursive: bool) -> list[Path]:
    try:
        inside = sorted(folder.rglob("*") if recursive else folder.iterdir())
    except OSError as error:
        raise MediaError(f"{folder} cannot be listed: {error}. Check the right to read it.") from error
    named = [p for p in inside if p.suffix.lower() in PHOTO_SUFFIXES and not _hidden(p, folder)]
    photos = [path for path in named if path.is_file()]
    if not photos:
        deeper = "" if recursive or not any(map(Path.is_dir, inside)) else ", search its folders (recursive)"
        raise MediaError(
            f"{folder} is a folder without photos ({', '.join(PHOTO_SUFFIXES)}). "
            f"Put photos into it{deeper} or give another path."
        )
    return photos


def _hidden(path: Path, folder: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(folder).parts)


def _formats() -> list[str]:
    # Which of them this Pillow was built with, or was taught by a plugin, is known only after `init`.
    Image.init()
    register_plugins()
    return [name for name in _FORMATS if name in Image.OPEN]


def _checked_rgb(image: Image.Image, name: str) -> Image.Image:
    pixels = image.width * image.height
    if not 1 <= pixels <= MAX_PIXELS:
        raise MediaError(
            f"{name} has {image.width} x {image.height} = {pixels} pixels; "
            f"a photo has 1 to {MAX_PIXELS}. Scale or export it again."
        )
    try:
        scale_colour_key(image)
        image.load()
        return _rgb(to_srgb(_upright(_with_grey_values(image))))
    except Exception as error:  # Pillow's decoders raise nearly anything on damaged data
        raise damaged(name, error) from error


def _with_grey_values(image: Image.Image) -> Image.Image:
    """A picture of many grey levels at eight bits; its tags are gone when it is turned upright."""
    if image.mode not in ("I", "F") and not image.mode.startswith("I;16"):
        return image
    grey = _grey_to_8_bits(image)
    grey.info.update({key: image.info[key] for key in ("exif", "xmp") if key in image.info})
    exif = image.getexif()
    if exif:
        grey.info["exif"] = exif.tobytes()
    return grey


def _upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # a photo with broken EXIF is still a photo: every viewer shows it as it lies
        return image


def _rgb(image: Image.Image) -> Image.Image:
    if image.mode == "La":
        image = image.convert("LA")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    return image.convert("RGB")


def _grey_to_8_bits(image: Image.Image) -> Image.Image:
    # Pillow's own conversion clips at 255. Single precision is exact for 16 bits and spares memory.
    precision = np.float32 if image.mode.startswith("I;16") else np.float64
    values = np.nan_to_num(grey_values(image).astype(precision), posinf=0.0, neginf=0.0)
    low, high = float(values.min()), float(values.max())
    full_scale = 1.0 if image.mode == "F" else 65_535.0
    if low >= 0.0 and high <= full_scale:
        low, high = 0.0, full_scale
    levels = (values - low) * (255.0 / ((high - low) or 1.0))
    return Image.fromarray(np.rint(levels).astype(np.uint8))
