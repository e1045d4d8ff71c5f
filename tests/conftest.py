"""What several rooms' tests share."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def scenes_folder() -> Path:
    """The real photos and recordings: $PHOTOWAVE_SCENES, or ../shared/scenes beside the checkout."""
    named = os.environ.get("PHOTOWAVE_SCENES")
    folder = Path(named) if named else Path(__file__).resolve().parents[2] / "shared" / "scenes"
    if not folder.is_dir():
        pytest.skip(f"no real scenes: {folder} is not there; set PHOTOWAVE_SCENES to a folder of scenes")
    return folder
