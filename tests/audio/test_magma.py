"""The colour map is matplotlib's, colour for colour."""

import numpy as np
import pytest
from matplotlib import colormaps

from photowave.audio.magma import magma


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_colours_are_those_of_matplotlib(kind: type[np.floating]) -> None:
    # Every colour, just before and at each border between two, and beyond both ends.
    borders = np.arange(257, dtype=kind) / kind(256)
    shares = np.concatenate(
        [
            borders,
            np.nextafter(borders, kind(-1)),
            np.linspace(-0.5, 1.5, 3001, dtype=kind),
            np.random.default_rng(0).random(5000).astype(kind),
        ]
    ).reshape(5, -1)
    expected = (colormaps["magma"](shares)[..., :3] * 255).astype("uint8")
    assert len(np.unique(expected.reshape(-1, 3), axis=0)) == 256
    assert np.array_equal(magma(shares), expected)
