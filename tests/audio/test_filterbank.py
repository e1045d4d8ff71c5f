"""Laws of the filter bank: reconstruction, energy, linearity, causality, streaming."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from photowave.audio.filterbank import FilterBank, SynthesisState
from photowave.errors import ConfigError

BANKS = {bands: FilterBank(bands=bands, taps_per_band=16) for bands in (1, 2, 4, 8, 16, 24, 32)}
BANK = st.sampled_from(list(BANKS.values()))
SEED = st.integers(0, 2**31)


def noise(seed: int, batch: int, time: int) -> Tensor:
    return torch.randn(batch, time, generator=torch.Generator().manual_seed(seed))


def coloured(seed: int, colour: str, time: int) -> Tensor:
    white = noise(seed, 1, time)
    if colour == "low":
        return white.cumsum(dim=1)
    if colour == "high":
        return white.diff(dim=1, prepend=white.new_zeros(1, 1))
    if colour == "tone":
        frequency = 0.001 + 0.498 * (seed % 997) / 997
        return torch.sin(2 * math.pi * frequency * torch.arange(time))[None]
    return white


def reconstruct(bank: FilterBank, samples: Tensor) -> Tensor:
    frames = bank.analysis(torch.nn.functional.pad(samples, (0, bank.delay)))
    return bank.synthesis(frames)[0][:, bank.delay :]


@settings(deadline=None, max_examples=60)
@given(
    bank=st.sampled_from([BANKS[bands] for bands in (2, 4, 8, 16, 24, 32)]),
    seed=SEED,
    colour=st.sampled_from(["white", "low", "high", "tone"]),
    frames=st.integers(100, 300),
)
def test_reconstruction_of_any_colour(bank: FilterBank, seed: int, colour: str, frames: int) -> None:
    samples = coloured(seed, colour, frames * bank.bands)
    error = reconstruct(bank, samples) - samples
    assert 10 * math.log10(samples.square().sum() / error.square().sum()) >= 60


@pytest.mark.parametrize("bands", [2, 4, 8, 16, 24, 32])
def test_no_signal_is_reconstructed_worse(bands: int) -> None:
    # Analysis and synthesis together, seen per frequency, are P^H P with P the polyphase matrix; the largest
    # singular value of its difference from the identity bounds the error of every signal.
    bank = BANKS[bands]
    blocks = bank.filters.view(bands, bank.taps_per_band, bands).transpose(0, 1).to(torch.complex128)
    polyphase = torch.fft.fft(blocks, n=1024, dim=0)
    error = polyphase.mH @ polyphase - torch.eye(bands)
    assert -20 * math.log10(float(torch.linalg.matrix_norm(error, ord=2).max())) >= 60


@settings(deadline=None, max_examples=20)
@given(bank=BANK, seed=SEED)
def test_energy_is_kept(bank: FilterBank, seed: int) -> None:
    samples = noise(seed, 2, 50 * bank.bands)
    frames = bank.analysis(torch.nn.functional.pad(samples, (0, bank.delay)))
    energies = frames.square().sum(dim=(1, 2)) / samples.square().sum(dim=1)
    assert torch.allclose(energies, torch.ones(2), atol=1e-3)


@pytest.mark.parametrize("bands", [2, 4, 8, 16, 24, 32])
def test_log_determinant_is_nearly_zero(bands: int) -> None:
    # A circular signal has no ends, so the whole analysis is one square matrix.
    bank, length = BANKS[bands], 32 * bands
    units = torch.eye(length, dtype=torch.float64)
    frames = bank.analysis(torch.cat([units, units], dim=1))[:, 32:]
    assert abs(float(torch.linalg.slogdet(frames.reshape(length, length)).logabsdet)) / length < 1e-5


@settings(deadline=None, max_examples=20)
@given(bank=BANK, seed=SEED, a=st.floats(-2, 2), b=st.floats(-2, 2))
def test_both_sides_are_linear(bank: FilterBank, seed: int, a: float, b: float) -> None:
    x, y = noise(seed, 2, 32 * bank.bands).double().split(1)
    assert torch.allclose(bank.analysis(a * x + b * y), a * bank.analysis(x) + b * bank.analysis(y))
    f, g = bank.analysis(x), bank.analysis(y)
    together, _ = bank.synthesis(a * f + b * g)
    assert torch.allclose(together, a * bank.synthesis(f)[0] + b * bank.synthesis(g)[0])


@settings(deadline=None, max_examples=40)
@given(
    bank=BANK, seed=SEED, chunks=st.lists(st.integers(0, 40), min_size=1, max_size=6), batch=st.integers(1, 3)
)
def test_chunks_equal_the_whole_bit_for_bit(
    bank: FilterBank, seed: int, chunks: list[int], batch: int
) -> None:
    frames = noise(seed, batch, sum(chunks) * bank.bands).view(batch, -1, bank.bands)
    whole, last = bank.synthesis(frames)
    state: SynthesisState | None = None
    parts = []
    for chunk in frames.split(chunks, dim=1):
        samples, state = bank.synthesis(chunk, state)
        parts.append(samples)
    assert torch.equal(torch.cat(parts, dim=1), whole)
    assert state is not None
    assert torch.equal(state.tails, last.tails)


@pytest.mark.parametrize(("bands", "taps"), [(2, 8), (3, 2), (5, 10), (16, 16), (512, 2)])
def test_a_frame_sounds_as_its_filters_say(bands: int, taps: int) -> None:
    bank = FilterBank(bands=bands, taps_per_band=taps)
    frames = noise(0, 2, 3 * bands).view(2, 3, bands)
    products = (frames.double() @ bank.filters.double()).view(2, 3, taps, bands)
    expected = torch.zeros(2, 3 + taps - 1, bands, dtype=torch.float64)
    for frame in range(3):
        expected[:, frame : frame + taps] += products[:, frame]
    silence = frames.new_zeros(2, taps - 1, bands)
    heard, _ = bank.synthesis(torch.cat([frames, silence], 1))
    torch.testing.assert_close(heard.double(), expected.flatten(1), rtol=0, atol=2e-6)


@pytest.mark.parametrize("bands", [1, 2, 4, 8, 16, 24, 32])
def test_impulse_is_heard_where_it_must(bands: int) -> None:
    bank = BANKS[bands]
    for at in range(20 * bands, 21 * bands):
        samples = torch.zeros(1, 60 * bands)
        samples[0, at] = 1
        frames = bank.analysis(samples)
        assert not bool(frames[:, : at // bands].any())
        assert not bool(frames[:, at // bands + bank.taps_per_band :].any())
        heard = bank.synthesis(frames)[0][0]
        assert int(heard.abs().argmax()) == at + bank.delay
        assert not bool(heard[: at // bands * bands].any())


@pytest.mark.parametrize("bands", [2, 4, 8, 16, 24, 32])
def test_each_band_hears_its_own_frequencies(bands: int) -> None:
    bank = BANKS[bands]
    for band in range(bands):
        frequency = (band + 0.5) / (2 * bands)
        frames = bank.analysis(torch.sin(2 * math.pi * frequency * torch.arange(200 * bands))[None])
        power = frames[0, 20:].square().mean(dim=0)
        assert int(power.argmax()) == band
        assert power[band] / power.sum() > 0.9999


def test_one_band_is_the_identity() -> None:
    bank, samples = BANKS[1], noise(0, 2, 100)
    assert bank.delay == 0
    assert torch.equal(bank.analysis(samples), samples[..., None])
    assert torch.equal(bank.synthesis(samples[..., None])[0], samples)


def test_nothing_is_stored() -> None:
    assert BANKS[8].state_dict() == {}


def test_length_must_be_a_multiple_of_the_bands() -> None:
    with pytest.raises(ConfigError, match="Cut to 96"):
        BANKS[8].analysis(torch.zeros(1, 99))


@pytest.mark.parametrize(("bands", "taps_per_band"), [(0, 16), (-2, 16), (4, 6), (4, 15)])
def test_settings_are_checked(bands: int, taps_per_band: int) -> None:
    with pytest.raises(ConfigError):
        FilterBank(bands=bands, taps_per_band=taps_per_band)
