"""Texture statistics of sounds whose statistics are known."""

import math

import pytest
import torch
from torch import Tensor

from photowave.errors import ConfigError
from photowave.evaluation.features.cochlea import Cochlea, erb_centres
from photowave.evaluation.features.texture import (
    FAMILIES,
    TextureModelStatistics,
    vectors,
)

RATE = 16_000
STATISTICS = TextureModelStatistics(sample_rate=RATE)
COCHLEA = Cochlea(sample_rate=RATE, bands=30)
FLOOR = 1e-4


def noise(count: int = 1, *, seconds: float = 5.0, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return 0.1 * torch.randn(count, int(seconds * RATE), generator=generator, dtype=torch.float64)


def cosine(frequency: float, *, seconds: float = 5.0) -> Tensor:
    time = torch.arange(int(seconds * RATE), dtype=torch.float64) / RATE
    return torch.cos(2 * math.pi * frequency * time)[None]


def band_limited(low_hz: float, high_hz: float, *, seed: int) -> Tensor:
    spectrum = torch.fft.rfft(noise(seed=seed))
    frequency = torch.fft.rfftfreq(5 * RATE, 1 / RATE)
    return torch.fft.irfft(spectrum * ((frequency > low_hz) & (frequency < high_hz)))


def plain_envelopes(samples: Tensor, band: int) -> Tensor:
    """The Hilbert envelope of one band at the full rate, by a transform of the full length."""
    low, centre, high = (float(COCHLEA._edges_hz[band + k]) for k in range(3))
    frequency = torch.arange(samples.shape[1], dtype=torch.float64) / samples.shape[1] * RATE
    corner = 24.7 * 9.265
    spacing = math.log1p(high / corner) - math.log1p(centre / corner)
    place = (torch.log1p(frequency / corner) - math.log1p(centre / corner)) / spacing
    gain = torch.where((frequency > low) & (frequency < high), torch.cos(math.pi / 2 * place), 0.0)
    analytic = torch.fft.ifft(torch.fft.fft(samples) * 2 * gain)
    return (analytic.abs().square() + FLOOR**2) ** 0.15


def test_erb_centres_are_one_bandwidth_apart() -> None:
    # The equivalent rectangular bandwidth at f is 24.7 + f / 9.265 Hz.
    centres = erb_centres(1000, low_hz=20.0, high_hz=8_000.0)
    assert centres[[0, -1]].tolist() == pytest.approx([20.0, 8_000.0])
    steps = centres.diff() / (24.7 + (centres[1:] + centres[:-1]) / 2 / 9.265)
    assert float(steps.max() / steps.min()) == pytest.approx(1.0, abs=1e-4)


@pytest.mark.parametrize("band", [0, 5, 12, 20, 29])
def test_a_tone_at_the_centre_has_its_amplitude_as_envelope(band: int) -> None:
    envelopes = COCHLEA.envelopes(0.3 * cosine(float(COCHLEA.centres_hz[band])))
    wanted = (0.3**2 + FLOOR**2) ** 0.15
    assert float((envelopes[0, band] - wanted).abs().max()) < 2e-3


@pytest.mark.parametrize(("band", "tolerance"), [(0, 1e-10), (9, 1e-10), (20, 2e-3), (29, 2e-3)])
def test_envelopes_are_those_of_a_full_transform(band: int, tolerance: float) -> None:
    # Low bands need no second step; the others are decimated, which aliases a little where they touch 0.
    samples = noise()
    # The plain transform does not fade: nothing may be there to fade.
    samples[:, :500] = samples[:, -500:] = 0.0
    full = plain_envelopes(samples, band)
    spectrum = torch.fft.rfft(full, norm="forward")[:, :1000]
    wanted = torch.fft.irfft(spectrum, n=2000, norm="forward") if band > 9 else full[:, ::40]
    found = COCHLEA.envelopes(samples)[:, band]
    assert float((found - wanted[:, 20:-20]).abs().mean()) < tolerance


def test_the_ends_do_not_meet_in_a_click() -> None:
    # Neither 1.28 s nor 2 s hold a whole number of periods of 50.3 Hz.
    for seconds in (1.28, 2.0):
        envelopes = COCHLEA.envelopes(0.5 * cosine(50.3, seconds=seconds))
        assert envelopes.shape[-1] == int(seconds * 400) - 40
        assert float(envelopes[0, 10:].max()) < 1.02 * FLOOR**0.3


@pytest.mark.parametrize("frequency", [3.0, 8.0, 24.0, 60.0])
def test_modulated_noise_has_its_peak_in_the_band_of_the_modulation(frequency: float) -> None:
    modulation = STATISTICS((1 + cosine(frequency)) * noise())["modulation"][0, 22:].mean(dim=0)
    nearest = int((STATISTICS.modulation_hz / frequency).log2().abs().argmin())
    assert int(modulation.argmax()) == nearest
    plain = STATISTICS(noise())["modulation"][0, 22:].mean(dim=0)
    assert float(modulation[nearest]) > 2 * float(plain[nearest])


def test_modulation_shares_add_up_to_the_overlap() -> None:
    # Each filter's square has an area of one octave, so that at each frequency they add up to 1 / distance.
    octaves = float((STATISTICS.modulation_hz[1] / STATISTICS.modulation_hz[0]).log2())
    shares = STATISTICS((1 + cosine(10.0)) * noise())["modulation"][0, 22:].sum(dim=-1)
    assert bool((shares <= 1 / octaves + 0.01).all())
    assert float(shares.mean()) > 0.9 / octaves


def test_bands_with_a_common_envelope_are_correlated() -> None:
    low, high = band_limited(500, 700, seed=1), band_limited(3_000, 4_500, seed=2)
    slow = 1 + 0.9 * cosine(3.0)
    other = 1 + 0.9 * cosine(4.0)
    first, second = (int((STATISTICS.centres_hz - hz).abs().argmin()) for hz in (600.0, 3_600.0))
    together = STATISTICS(low * slow + high * slow)["correlations"][0, first, second]
    apart = STATISTICS(low * slow + high * other)["correlations"][0, first, second]
    assert float(together) > 0.7
    assert abs(float(apart)) < 0.2


def test_moments_of_noise() -> None:
    marginals = STATISTICS(noise())["marginals"][0]
    # Rayleigh^0.3: moments by the gamma function, for bands wide enough to have many independent values.
    moment = [math.gamma(1 + 0.15 * k) for k in range(5)]
    variance = moment[2] - moment[1] ** 2
    third = moment[3] - 3 * moment[1] * moment[2] + 2 * moment[1] ** 3
    fourth = moment[4] - 4 * moment[1] * moment[3] + 6 * moment[1] ** 2 * moment[2] - 3 * moment[1] ** 4
    found = marginals[:15].mean(dim=0)
    assert float(found[1]) == pytest.approx(variance / moment[1] ** 2, rel=0.1)
    assert float(found[2]) == pytest.approx(third / variance**1.5, abs=0.15)
    assert float(found[3]) == pytest.approx(fourth / variance**2, abs=0.25)


def test_a_gain_changes_the_means_only() -> None:
    quiet, loud = STATISTICS(noise()), STATISTICS(2 * noise())
    ratio = loud["marginals"][..., 0] / quiet["marginals"][..., 0]
    assert torch.allclose(ratio, torch.full_like(ratio, 2**0.3), rtol=1e-3)
    assert torch.allclose(loud["marginals"][..., 1:], quiet["marginals"][..., 1:], rtol=0.02, atol=0.02)
    assert torch.allclose(loud["correlations"], quiet["correlations"], atol=1e-3)
    assert torch.allclose(loud["modulation"], quiet["modulation"], atol=1e-3)


def test_silence_has_finite_statistics_and_is_like_no_noise() -> None:
    silence, sound = STATISTICS(torch.zeros(1, 5 * RATE)), STATISTICS(noise())
    marginals = silence["marginals"]
    assert torch.allclose(
        marginals, torch.tensor([FLOOR**0.3, 0.0, 0.0, 1.0], dtype=torch.float64), atol=1e-9
    )
    assert torch.allclose(silence["correlations"], torch.ones(1, 30, 30, dtype=torch.float64))
    assert float(silence["modulation"].abs().max()) < 1e-9
    other = STATISTICS(noise(seed=9))
    for family in FAMILIES:
        assert apart(silence, sound, family) > 3 * apart(other, sound, family)


def apart(a: dict[str, Tensor], b: dict[str, Tensor], family: str) -> float:
    """Distance of the first sound of `a` from the first of `b`."""
    return float((vectors(a)[family][0] - vectors(b)[family][0]).norm())


def test_the_length_of_a_difference_is_its_scaled_root_mean_square() -> None:
    a, b = STATISTICS(noise()), STATISTICS((1 + cosine(5.0)) * noise(seed=4))
    scaled = (a["modulation"].sqrt() - b["modulation"].sqrt()) / 0.07
    assert apart(a, b, "modulation") == pytest.approx(float(scaled.square().mean().sqrt()))
    first, second = torch.triu_indices(30, 30, offset=1)
    scaled = (a["correlations"] - b["correlations"])[:, first, second] / 0.18
    assert apart(a, b, "correlations") == pytest.approx(float(scaled.square().mean().sqrt()))
    kurtosis = (a["marginals"][..., 3].log() - b["marginals"][..., 3].log()) / 0.4
    difference = vectors(a)["marginals"] - vectors(b)["marginals"]
    assert difference[0, 90:] * math.sqrt(120) == pytest.approx(kurtosis[0])


def test_a_tremolo_is_heard_in_the_modulation() -> None:
    plain, tremolo = STATISTICS(noise(3)), STATISTICS((1 + cosine(5.0)) * noise(3, seed=4))
    across = torch.cdist(vectors(plain)["modulation"], vectors(tremolo)["modulation"])
    assert float(across.min()) > float(torch.cdist(*2 * [vectors(plain)["modulation"]]).max())


def test_sounds_of_a_batch_do_not_mix() -> None:
    batch = noise(18, seconds=1.0, seed=3).float()
    together = STATISTICS(batch)
    for index in (0, 15, 17):
        alone = STATISTICS(batch[index : index + 1])
        for family in FAMILIES:
            assert torch.allclose(together[family][index], alone[family][0], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("sample_rate", [1_000, 8_000, 8_001, 11_025, 44_100, 48_000])
def test_every_rate_has_its_bands(sample_rate: int) -> None:
    statistics = TextureModelStatistics(sample_rate=sample_rate)
    samples = 0.1 * torch.randn(2, int(1.3 * sample_rate), generator=torch.Generator().manual_seed(5))
    found = statistics(samples)
    assert found["marginals"].shape == (2, 30, 4)
    assert found["correlations"].shape == (2, 30, 30)
    assert found["modulation"].shape == (2, 30, 20)
    assert all(bool(part.isfinite().all()) for part in vectors(found).values())
    # Noise fills every band, so none may read like silence.
    assert float(found["marginals"][..., 0].min()) > 2 * FLOOR**0.3


def test_what_cannot_be_measured_is_refused() -> None:
    with pytest.raises(ConfigError, match="at least 1000 Hz"):
        TextureModelStatistics(sample_rate=999)
