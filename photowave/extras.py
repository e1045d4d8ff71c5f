"""Packages that only some commands need: which extra brings them, and what is said where they are missing."""

from collections.abc import Mapping
from importlib.util import find_spec

from photowave.errors import MissingPackageError

PACKAGES: Mapping[str, Mapping[str, str]] = {
    "train": {
        "lightning": "lightning",
        "matplotlib": "matplotlib",
        "psutil": "psutil",
        "scikit-learn": "sklearn",
        "tensorboard": "tensorboard",
    },
    "evaluate": {
        "jinja2": "jinja2",
        "matplotlib": "matplotlib",
        "pandas": "pandas",
        "scikit-image": "skimage",
        "scikit-learn": "sklearn",
    },
    "check": {"silero-vad": "silero_vad"},
    "heic": {"pillow-heif": "pillow_heif", "pillow-jxl-plugin": "pillow_jxl"},
    "encoders": {"torchvision": "torchvision"},
    "embedding": {"transformers": "transformers"},
    "video": {"av": "av"},
    "tables": {"pyarrow": "pyarrow"},
    "ray": {"ray": "ray"},
    "shards": {"litdata": "litdata"},
    "web": {"prometheus-client": "prometheus_client", "starlette": "starlette", "uvicorn": "uvicorn"},
}
"""Extra: its packages, each with the module that it brings."""

COMMANDS: Mapping[str, str] = {
    "fit": "train",
    "validate": "train",
    "test": "train",
    "overfit": "train",
    "bench": "train",
    "evaluate": "evaluate",
    "sonify": "evaluate",
    "serve": "web",
    "gallery": "web",
}
"""Command: the extra that it needs; the others need none."""


def require(extra: str, what: str) -> None:
    """Refuse to begin where packages of an extra are missing; nothing is imported to find out.

    The message begins with `what` needs it, such as `'photowave fit'`.
    """
    missing = [name for name, module in PACKAGES[extra].items() if find_spec(module) is None]
    if not missing:
        return
    names = " and ".join(filter(None, [", ".join(missing[:-1]), missing[-1]]))
    state, them = ("which is", "it") if len(missing) == 1 else ("which are", "them")
    raise MissingPackageError(
        f"{what} needs {names}, {state} not installed. Install {them} with: pip install 'photowave[{extra}]'"
    )
