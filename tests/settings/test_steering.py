"""What overrules a photo: how it is written, and what is refused."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from photowave.errors import ConfigError
from photowave.settings import SteerSettings

NAMES = st.text("abcdefghijklmnopqrstuvwxyz_", min_size=1, max_size=12)


@given(shares=st.dictionaries(NAMES, st.floats(0.01, 100), min_size=2, max_size=5))
def test_a_blend_as_text_and_as_numbers_is_the_same_and_adds_up(shares: dict[str, float]) -> None:
    text = " , ".join(f"{place}: {share!r}" for place, share in shares.items())
    written, given_ = SteerSettings(blend=text), SteerSettings(blend=shares)
    assert written.shares == given_.shares
    assert list(written.shares) == list(shares)
    assert sum(written.shares.values()) == pytest.approx(1.0)
    first, second = list(shares)[:2]
    assert written.shares[first] / written.shares[second] == pytest.approx(shares[first] / shares[second])


@given(names=st.lists(NAMES, max_size=4))
def test_places_are_excluded_as_text_or_one_by_one(names: list[str]) -> None:
    assert SteerSettings(exclude=", ".join(names)).excluded == tuple(names)
    assert SteerSettings(exclude=names).excluded == tuple(names)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"place": "sea", "exclude": "rain"}, "place and exclude are given: at most one"),
        ({"blend": "sea:1,rain:1", "like": "x.wav"}, "blend and like are given"),
        ({"blend": "sea:0.7"}, "must name at least two places"),
        ({"blend": "sea:0.7,rain"}, "'rain' must be a place with a share"),
        ({"blend": "sea:0.7,:0.3"}, "':0.3' must be a place with a share"),
        ({"blend": "sea:0.7,sea:0.3"}, "each place must come once"),
        ({"blend": "sea:0.7,rain:-1"}, "the share of 'rain' is -1; it must be above 0"),
        ({"blend": "sea:0.7,rain:inf"}, "the share of 'rain' is inf"),
        ({"blend": {"sea": 0.0, "rain": 1.0}}, "the share of 'sea' is 0"),
        ({"blend": ""}, "must be a place with a share"),
    ],
    ids=str,
)
def test_what_cannot_be_meant_is_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        SteerSettings(**wrong)


def test_only_what_is_given_is_told() -> None:
    assert SteerSettings().told() == {}
    assert SteerSettings(strict=True).told() == {}
    assert SteerSettings(exclude="rain,fog").told() == {"exclude": ["fog", "rain"]}
    assert SteerSettings(like="/home/me/brook.wav").told() == {"like": "brook.wav"}


def test_places_have_one_unicode_form() -> None:
    nfc, nfd = "café", "cafe\N{COMBINING ACUTE ACCENT}"
    assert SteerSettings(place=nfd) == SteerSettings(place=nfc)
    assert SteerSettings(exclude=nfd).excluded == (nfc,)
    assert list(SteerSettings(blend=f"{nfd}:1,sea:1").shares) == [nfc, "sea"]
