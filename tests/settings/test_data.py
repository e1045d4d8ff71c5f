"""A wrong setting of the pairs is named with its value, its rule and a remedy, in one line."""

from typing import Any

import pytest

from photowave.errors import ConfigError
from photowave.settings import DataSettings


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"clip_s": 0}, "clip_s=0: must be above 0 seconds and finite. The default is 0.5."),
        ({"clip_s": float("inf")}, "clip_s=inf: must be above 0 seconds and finite. The default is 0.5."),
        ({"window_s": float("nan")}, "window_s=nan: must be above 0 seconds and finite. The default is 5."),
        ({"val_clip_s": -1.0}, "val_clip_s=-1.0: must be above 0 seconds and finite. The default is 1."),
        ({"fade_s": -0.1}, "fade_s=-0.1: must be 0 seconds or more and finite. The default is 0."),
        ({"fade_s": float("inf")}, "fade_s=inf: must be 0 seconds or more and finite. The default is 0."),
        ({"fade_s": float("nan")}, "fade_s=nan: must be 0 seconds or more and finite. The default is 0."),
        ({"batch_size": 0}, "batch_size=0: must be at least 1. The default is 4."),
        ({"val_clips": 0}, "val_clips=0: must be at least 1. The default is 64."),
        (
            {"clips_per_epoch": 1, "batch_size": 2},
            "clips_per_epoch=1: must be at least batch_size=2. Raise it.",
        ),
    ],
)
def test_a_wrong_value_is_named_in_one_line(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        DataSettings(**wrong)
    assert str(caught.value) == message


def test_the_defaults_that_messages_name_are_the_defaults() -> None:
    usual = DataSettings()
    assert (usual.clip_s, usual.val_clip_s, usual.window_s, usual.fade_s) == (0.5, 1.0, 5.0, 0.0)
    assert (usual.batch_size, usual.val_clips) == (4, 64)


def test_an_epoch_of_one_batch_is_enough() -> None:
    assert DataSettings(clips_per_epoch=3, batch_size=3).clips_per_epoch == 3
