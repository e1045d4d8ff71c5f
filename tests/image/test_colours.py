"""Numbers about light and colour: what they say of plain pictures, and where the encoder puts them."""

import colorsys

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image
from torch import Tensor

from photowave.image import build_encoder
from photowave.image.colours import COUNT, measure_colours
from photowave.settings import ImageConfig

PIXEL = st.tuples(*[st.integers(0, 255)] * 3)


def plain(*colour: float, side: int = 80) -> Tensor:
    return torch.tensor(colour).view(1, 3, 1, 1).expand(1, 3, side, side)


@settings(deadline=None, max_examples=50)
@given(pixel=PIXEL)
def test_one_colour_is_told_as_other_libraries_tell_it(pixel: tuple[int, int, int]) -> None:
    red, green, blue = (part / 255 for part in pixel)
    told = measure_colours(plain(red, green, blue))[0]
    hue, saturation, value = colorsys.rgb_to_hsv(red, green, blue)
    torch.testing.assert_close(told[:48].view(3, 16), torch.tensor([[red], [green], [blue]]).expand(3, 16))
    assert told[48:53].tolist() == pytest.approx([(red + green + blue) / 3] * 5, abs=1e-5)
    assert told[53:56].tolist() == pytest.approx([saturation] * 3, abs=1e-4)
    assert float(told[56:68].sum()) == pytest.approx(saturation * value, abs=1e-4)
    if saturation * value > 0.02 and 0.05 < (hue * 12) % 1 < 0.95:
        assert int(told[56:68].argmax()) == int(hue * 12)
    assert told[68:].abs().max() < 1e-5, "nothing spreads"


@settings(deadline=None, max_examples=30)
@given(values=arrays(np.uint8, st.tuples(st.integers(1, 90), st.integers(1, 90), st.just(3))))
def test_every_picture_has_finite_numbers(values: np.ndarray) -> None:
    pixels = torch.from_numpy(values).permute(2, 0, 1)[None].float() / 255
    told = measure_colours(pixels)
    assert told.shape == (1, COUNT)
    assert bool(told.isfinite().all())


def test_the_encoder_puts_them_between_features_and_scores() -> None:
    photo = Image.fromarray(np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8))
    config = {"resolution": 64, "places": "default"}
    without, encoder = (build_encoder(ImageConfig(colours=colours, **config)) for colours in (False, True))  # type: ignore[arg-type]
    features, before = encoder.encode([photo]), without.encode([photo])
    assert encoder.feature_dim == without.feature_dim + COUNT == features.shape[1]
    torch.testing.assert_close(features[:, :1280], before[:, :1280])
    torch.testing.assert_close(features[:, 1280 + COUNT :], before[:, 1280:])
    square = torch.from_numpy(np.array(photo.resize((64, 64), Image.Resampling.BICUBIC))).permute(2, 0, 1)
    views = torch.stack([square, square.flip(-1)]).float() / 255
    torch.testing.assert_close(features[0, 1280 : 1280 + COUNT], measure_colours(views).mean(0))
    assert encoder.fingerprint != without.fingerprint
