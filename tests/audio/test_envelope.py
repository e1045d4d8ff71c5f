"""The envelope reads the spectrum where it says, as loud as it is, from the first sample to the last."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from photowave.audio import SpectralEnvelope, TextureStatistics
from photowave.audio import envelope as envelope_module
from photowave.errors import MediaError

RATES = [16_000, 22_050, 24_000, 32_000, 44_100]
RATE = 4_000
FLOOR = math.log(1e-5)


def spectral_envelope(sample_rate: int = RATE, *, mels: int = 8, hops: int = 4) -> SpectralEnvelope:
    return SpectralEnvelope(sample_rate=sample_rate, mels=mels, hops=hops)


def noise(length: int, *, batch: int = 1, seed: int = 0) -> Tensor:
    return 0.1 * torch.randn(batch, length, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("sample_rate", RATES)
def test_a_step_is_as_long_as_asked_at_every_rate(sample_rate: int) -> None:
    envelope = spectral_envelope(sample_rate, mels=40)
    assert envelope.knots_per_s * envelope.step == pytest.approx(sample_rate, rel=1e-12)
    assert abs(envelope.step / sample_rate - 4 * 0.016) <= 4 * 0.5 / sample_rate
    assert envelope(torch.zeros(2, sample_rate)).shape == (2, 1 + sample_rate // envelope.step, 40)


@settings(deadline=None, max_examples=50)
@given(more=st.integers(0, 2_000), hops=st.integers(1, 9))
def test_knots_lie_a_step_apart_up_to_the_end(more: int, hops: int) -> None:
    envelope = spectral_envelope(hops=hops)
    length = envelope.shortest + more
    assert envelope(torch.zeros(1, length)).shape == (1, 1 + length // envelope.step, 8)


@settings(deadline=None, max_examples=80)
@given(
    frames=st.integers(1, 40),
    more=st.integers(0, 63),
    at_once=st.integers(1, 45),
    hops=st.integers(1, 5),
    batch=st.integers(1, 3),
)
def test_a_long_sound_measured_in_pieces_is_one_measured_whole(
    frames: int, more: int, at_once: int, hops: int, batch: int
) -> None:
    """Wherever the pieces end, on a frame of the whole or at its last one."""
    envelope = spectral_envelope(hops=hops)
    assert envelope.step == 64 * hops
    sound = noise(envelope.shortest + 64 * (frames - 1) + more, batch=batch).double()
    lengths: list[int] = []

    def log_mel(samples: Tensor) -> Tensor:
        part = TextureStatistics.log_mel(envelope._statistics, samples)
        lengths.append(part.shape[1])
        return part

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(envelope_module, "_AT_ONCE", 1_000_000)
        whole = envelope(sound)
        patch.setattr(envelope_module, "_AT_ONCE", at_once)
        patch.setattr(envelope._statistics, "log_mel", log_mel)
        pieces = envelope(sound)
    torch.testing.assert_close(pieces, whole, rtol=0, atol=1e-11)
    # All but the last are as long as may be: no frame is left out, and none transformed twice.
    padded = sound.shape[1] + 2 * (envelope.shortest // 2)
    assert sum(lengths) == 1 + (padded - envelope.shortest) // 64
    assert all(length == at_once for length in lengths[:-1])
    assert 1 <= lengths[-1] <= at_once


def test_minutes_are_measured_in_pieces() -> None:
    envelope = spectral_envelope(1_000)
    sound = noise(90_000).double()
    assert sound.shape[1] > 16 * envelope_module._AT_ONCE
    pieces = envelope(sound)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(envelope_module, "_AT_ONCE", 1_000_000)
        torch.testing.assert_close(pieces, envelope(sound), rtol=0, atol=1e-11)


@pytest.mark.parametrize("at_once", [1, 3])
def test_a_sound_that_is_too_short_is_refused_in_pieces_too(
    at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(envelope_module, "_AT_ONCE", at_once)
    envelope = spectral_envelope()
    for length in (0, 1, envelope.shortest - 1):
        with pytest.raises(MediaError, match=f"a sound of {length} samples .* at least {envelope.shortest}"):
            envelope(torch.zeros(2, length))


@pytest.mark.parametrize("hops", [1, 3, 4])
def test_a_knot_is_the_triangle_of_the_frames_around_it(hops: int) -> None:
    envelope, statistics = spectral_envelope(hops=hops), TextureStatistics(sample_rate=RATE, mels=8)
    sound = noise(1_000)[0]
    half = statistics.shortest // 2
    mirrored = torch.cat([sound[1 : half + 1].flip(0), sound, sound[-half - 1 : -1].flip(0)])
    starts = range(0, len(sound) + 1, statistics.hop)
    frames = [statistics.log_mel(mirrored[None, s : s + statistics.shortest])[0, 0] for s in starts]
    expected = []
    for middle in range(0, len(frames), hops):
        knot = torch.zeros(8)
        for offset in range(-hops, hops + 1):
            held = min(max(middle + offset, 0), len(frames) - 1)
            knot += (hops - abs(offset)) / hops**2 * frames[held]
        expected.append(knot)
    torch.testing.assert_close(envelope(sound[None])[0], torch.stack(expected), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("sample_rate", RATES)
def test_a_level_step_shows_at_its_knot_alone(sample_rate: int) -> None:
    envelope = spectral_envelope(sample_rate, mels=40)
    knot = 5
    loud = noise(10 * envelope.step)
    soft = 0.1 * loud
    stepped = torch.cat([soft[:, : knot * envelope.step], loud[:, knot * envelope.step :]], 1)
    found, of_soft, of_loud = (envelope(sound)[0] for sound in (stepped, soft, loud))
    torch.testing.assert_close(found[:knot], of_soft[:knot], rtol=0, atol=1e-4)
    torch.testing.assert_close(found[knot + 1 :], of_loud[knot + 1 :], rtol=0, atol=1e-4)
    share = (found[knot] - of_soft[knot]).mean() / (of_loud[knot] - of_soft[knot]).mean()
    assert 0.3 < float(share) < 0.7


@settings(deadline=None, max_examples=60)
@given(place=st.integers(0, 2_559), sample_rate=st.sampled_from([1_000, *RATES]), hops=st.integers(2, 8))
def test_a_click_shows_at_the_nearest_knot_and_at_no_far_one(place: int, sample_rate: int, hops: int) -> None:
    envelope = spectral_envelope(sample_rate, hops=hops)
    length = 10 * envelope.step
    place = place * length // 2_560
    sound = torch.zeros(1, length)
    sound[0, place] = 1.0
    risen = envelope(sound)[0].mean(-1) - FLOOR
    knots = envelope.step * torch.arange(len(risen))
    assert abs(int(risen.argmax()) * envelope.step - place) <= envelope.step / 2 + envelope.step / hops
    far = (knots - place).abs() >= envelope.step
    assert float(risen[far].abs().max()) < 1e-3
    assert float(risen.max()) > 0.3


@pytest.mark.parametrize("sample_rate", RATES)
def test_a_shift_by_steps_shifts_the_knots(sample_rate: int) -> None:
    envelope = spectral_envelope(sample_rate, mels=40)
    sound = noise(12 * envelope.step + 100)
    whole = envelope(sound)
    for steps in (1, 3):
        cut = envelope(sound[:, steps * envelope.step :])
        assert cut.shape[1] == whole.shape[1] - steps
        # The first knot of the cut sound sees it mirrored; all others see what they saw before.
        torch.testing.assert_close(cut[:, 1:], whole[:, steps + 1 :], rtol=0, atol=1e-4)
        assert float((cut[:, 1:] - whole[:, steps:-1]).abs().mean()) > 0.05


@pytest.mark.parametrize("sample_rate", RATES)
def test_noise_is_as_loud_as_its_texture_says(sample_rate: int) -> None:
    envelope, texture = spectral_envelope(sample_rate, mels=40), TextureStatistics(
        sample_rate=sample_rate, mels=40
    )  # fmt: skip
    sound = noise(8 * sample_rate)
    by_texture = texture(sound)[0, :40]
    torch.testing.assert_close(envelope(sound)[0].mean(0), by_texture, rtol=0, atol=0.05)


def test_gain_moves_every_band_alike() -> None:
    envelope = spectral_envelope()
    moved = envelope(4 * noise(RATE)) - envelope(2 * noise(RATE))
    torch.testing.assert_close(moved, torch.full_like(moved, 2 * math.log(2)), rtol=0, atol=0.02)


@pytest.mark.parametrize("sample_rate", RATES)
def test_the_ends_do_not_fade(sample_rate: int) -> None:
    envelope = spectral_envelope(sample_rate, mels=20)
    levels = envelope(noise(20 * envelope.step, batch=8)).mean((0, 2))
    middle = levels[3:-3].mean()
    # With zeros instead of a mirror, half the power of an end's frame would be missing: 0.4 nepers of power.
    assert abs(float(levels[0] - middle)) < 0.2
    assert abs(float(levels[-1] - middle)) < 0.2


def test_silence_is_the_floor_to_its_ends() -> None:
    found = spectral_envelope()(torch.zeros(1, RATE))
    torch.testing.assert_close(found, torch.full_like(found, FLOOR))


def test_sounds_of_a_batch_do_not_mix() -> None:
    envelope, sounds = spectral_envelope(), noise(RATE, batch=3)
    alone = torch.cat([envelope(sound[None]) for sound in sounds])
    torch.testing.assert_close(envelope(sounds), alone, rtol=0, atol=1e-5)


@pytest.mark.parametrize("sample_rate", [RATE, *RATES])
def test_the_shortest_is_taken_and_anything_shorter_refused(sample_rate: int) -> None:
    envelope = spectral_envelope(sample_rate, mels=40)
    assert bool(envelope(noise(envelope.shortest)).isfinite().all())
    for length in (0, 1, envelope.shortest // 2 + 1, envelope.shortest - 1):
        with pytest.raises(MediaError, match=f"a sound of {length} samples .* at least {envelope.shortest}"):
            envelope(torch.zeros(1, length))


def test_nothing_is_stored() -> None:
    assert spectral_envelope().state_dict() == {}
