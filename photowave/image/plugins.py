"""Photo formats that Pillow reads with the help of others: HEIC of phones, and JPEG XL."""

import importlib
from functools import cache
from importlib.util import find_spec

_MODULES = {"HEIC": "pillow_heif", "JPEG XL": "pillow_jxl"}
_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")  # ISO/IEC 23008-12
_JXL = (b"\xff\x0a", b"\x00\x00\x00\x0cJXL \r\n\x87\n")  # a bare codestream, a container; ISO/IEC 18181-2
LONGEST_MARK = 12
"""Bytes at the beginning of a file that tell these formats."""


@cache
def register_plugins() -> None:
    """Let Pillow read what the installed plugins know; those that are not there are passed over."""
    if find_spec("pillow_heif") is not None:
        importlib.import_module("pillow_heif").register_heif_opener()
    if find_spec("pillow_jxl") is not None:
        importlib.import_module("pillow_jxl")  # which registers itself


def lacking(beginning: bytes) -> str | None:
    """Say which format a file has that no installed plugin reads.

    Args:
        beginning: Its first `LONGEST_MARK` bytes.

    Returns:
        Such as "HEIC"; None if it is another format, or can be read.
    """
    kind = None
    if beginning[4:8] == b"ftyp" and beginning[8:12] in _BRANDS:
        kind = "HEIC"
    elif beginning.startswith(_JXL):
        kind = "JPEG XL"
    return kind if kind and find_spec(_MODULES[kind]) is None else None
