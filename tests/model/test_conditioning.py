"""The photo chooses among textures as its probabilities say; the null vector stands for no photo."""

from collections.abc import Sequence

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tiny_models import randomise

from photowave.model import Conditioner, PhotoConditioner, PositionConditioner, TextureConditioner
from photowave.wavenet.track import interpolate


def texture_conditioner(
    *, sharpness: float = 1.0, codebook: int = 5, groups: Sequence[int] | None = None
) -> TextureConditioner:
    """With random weights; without `groups`, every texture is its own."""
    conditioner = TextureConditioner(
        features=4, texture=6, channels=3, codebook_size=codebook, sharpness=sharpness
    ).double()
    randomise(conditioner, seed=1)
    conditioner.groups.copy_(torch.arange(codebook) if groups is None else torch.tensor(groups))
    return conditioner


def photo_conditioner() -> PhotoConditioner:
    conditioner = PhotoConditioner(features=4, channels=3).double()
    randomise(conditioner, seed=1)
    return conditioner


FEATURES = torch.tensor([[0.3, -1.0, 0.5, 2.0]], dtype=torch.float64)


def chosen(conditioner: TextureConditioner, features: torch.Tensor, uniforms: torch.Tensor) -> torch.Tensor:
    """Index of the texture that was chosen for each row."""
    vectors = conditioner.photo_vector(features, uniforms)
    known = conditioner.texture_vector(conditioner.codebook)
    distances = (vectors[:, None] - known).abs().amax(-1)
    assert bool(((distances < 1e-6).sum(-1) == 1).all())
    return distances.argmin(-1)


@settings(deadline=None, max_examples=60)
@given(u=st.floats(0, 1, exclude_max=True), sharpness=st.floats(0.25, 4.0))
def test_the_choice_is_the_inverse_of_the_cumulated_prior(u: float, sharpness: float) -> None:
    conditioner = texture_conditioner(sharpness=sharpness)
    with torch.no_grad():
        prior = torch.softmax(sharpness * conditioner.prior_logits(FEATURES)[0], -1)
        index = int(chosen(conditioner, FEATURES, torch.tensor([u], dtype=torch.float64)))
    below, upto = float(prior[:index].sum()), float(prior[: index + 1].sum())
    assert below - 1e-12 <= u <= upto + 1e-12


@pytest.mark.parametrize("sharpness", [0.5, 1.0, 2.0])
def test_textures_come_as_often_as_the_sharpened_prior_says(sharpness: float) -> None:
    conditioner, count = texture_conditioner(sharpness=sharpness), 1_000
    uniforms = (torch.arange(count, dtype=torch.float64) + 0.5) / count
    with torch.no_grad():
        often = torch.bincount(chosen(conditioner, FEATURES.expand(count, -1), uniforms), minlength=5)
        raw = torch.softmax(conditioner.prior_logits(FEATURES)[0], -1)
    expected = count * raw**sharpness / (raw**sharpness).sum()
    assert float((often - expected).abs().max()) <= 1.0 + 1e-6


def probabilities(conditioner: TextureConditioner, features: torch.Tensor = FEATURES) -> torch.Tensor:
    with torch.no_grad():
        return conditioner.texture_probabilities(features)


def raw_probabilities(conditioner: TextureConditioner) -> torch.Tensor:
    with torch.no_grad():
        return torch.softmax(conditioner.prior_logits(FEATURES), -1)


GROUPS = st.lists(st.integers(0, 4), min_size=6, max_size=6)
FLAGS = st.lists(st.booleans(), min_size=6, max_size=6)


@settings(deadline=None, max_examples=60)
@given(groups=GROUPS, sharpness=st.floats(0.25, 50.0))
def test_groups_are_sharpened_and_shares_inside_one_are_kept(groups: list[int], sharpness: float) -> None:
    conditioner = texture_conditioner(codebook=6, groups=groups, sharpness=sharpness)
    raw, found = raw_probabilities(conditioner)[0], probabilities(conditioner)[0]
    members = {group: [i for i in range(6) if groups[i] == group] for group in set(groups)}
    sharpened = {group: float(raw[inside].sum()) ** sharpness for group, inside in members.items()}
    for group, inside in members.items():
        of_group = sharpened[group] / sum(sharpened.values())
        for entry in inside:
            expected = of_group * float(raw[entry] / raw[inside].sum())
            assert float(found[entry]) == pytest.approx(expected, rel=1e-9, abs=1e-300)


@settings(deadline=None, max_examples=60)
@given(
    groups=GROUPS, sharpness=st.floats(0.25, 50.0), left_out=st.lists(st.booleans(), min_size=6, max_size=6)
)
def test_what_is_left_out_goes_to_others_of_its_group(
    groups: list[int], sharpness: float, left_out: list[bool]
) -> None:
    conditioner = texture_conditioner(codebook=6, groups=groups, sharpness=sharpness)
    kept = [not out for out in left_out]
    assume(all(any(k for k, g in zip(kept, groups, strict=True) if g == group) for group in groups))
    raw, before = raw_probabilities(conditioner)[0], probabilities(conditioner)[0]
    conditioner.left_out.copy_(torch.tensor(left_out))
    after = probabilities(conditioner)[0]
    for group in set(groups):
        inside = torch.tensor([g == group for g in groups])
        still = inside & torch.tensor(kept)
        expected = before[inside].sum() * (raw[still] / raw[still].sum())
        torch.testing.assert_close(after[still], expected, rtol=1e-9, atol=1e-300)
        assert not after[inside & ~still].any()


@pytest.mark.parametrize("nats", [50.0, 1000.0, 1e6])
def test_what_is_left_out_may_be_far_likelier_than_the_rest_of_its_group(nats: float) -> None:
    conditioner = texture_conditioner(codebook=6, groups=[0, 0, 0, 1, 1, 1], sharpness=1.0)
    raw = raw_probabilities(conditioner)[0]
    conditioner.left_out[0] = True
    with torch.no_grad():
        conditioner.prior.bias[0] += nats
    found = probabilities(conditioner)[0]
    torch.testing.assert_close(found[1:3], raw[1:3] / raw[1:3].sum(), rtol=1e-9, atol=1e-9)
    assert not found[0]
    assert float(found.sum()) == pytest.approx(1.0)


@settings(deadline=None, max_examples=40)
@given(sharpness=st.floats(0.01, 100.0))
def test_textures_that_are_their_own_groups_are_sharpened_one_by_one(sharpness: float) -> None:
    conditioner = texture_conditioner(sharpness=sharpness)
    with torch.no_grad():
        expected = torch.softmax(sharpness * conditioner.prior_logits(FEATURES), -1)
    torch.testing.assert_close(probabilities(conditioner), expected, rtol=1e-9, atol=1e-300)


def test_every_texture_is_its_own_group_at_first() -> None:
    conditioner = TextureConditioner(features=4, texture=6, channels=3, codebook_size=7, sharpness=2.0)
    assert conditioner.groups.tolist() == list(range(7))


@pytest.mark.parametrize("sharpness", [0.1, 1.0, 1000.0])
def test_a_single_group_is_never_sharpened(sharpness: float) -> None:
    conditioner = texture_conditioner(groups=[3] * 5, sharpness=sharpness)
    torch.testing.assert_close(probabilities(conditioner), raw_probabilities(conditioner))


def test_high_sharpness_takes_the_likeliest_group_and_leaves_its_textures_to_chance() -> None:
    groups = [0, 1, 2, 1, 0]
    conditioner = texture_conditioner(groups=groups, sharpness=1000.0)
    raw, found = raw_probabilities(conditioner)[0], probabilities(conditioner)[0]
    of_group = torch.zeros(3, dtype=torch.float64).index_add(0, torch.tensor(groups), raw)
    inside = torch.tensor(groups) == int(of_group.argmax())
    assert int(inside.sum()) == 2  # else there would be nothing to tell apart
    torch.testing.assert_close(found[inside], raw[inside] / raw[inside].sum())
    assert float(found[~inside].sum()) < 1e-12


@settings(deadline=None, max_examples=40)
@given(
    groups=GROUPS,
    order=st.permutations(range(6)),
    names=st.lists(st.integers(0, 10**9), min_size=5, max_size=5, unique=True),
)
def test_order_and_numbers_of_the_groups_mean_nothing(
    groups: list[int], order: list[int], names: list[int]
) -> None:
    conditioner = texture_conditioner(codebook=6, groups=groups, sharpness=3.0)
    before = probabilities(conditioner)
    with torch.no_grad():
        for tensor in (conditioner.prior.weight, conditioner.prior.bias):
            tensor.copy_(tensor[order].clone())
    conditioner.groups.copy_(torch.tensor([names[groups[entry]] for entry in order]))
    torch.testing.assert_close(probabilities(conditioner), before[:, order], rtol=1e-9, atol=0)


@pytest.mark.parametrize("sharpness", [0.5, 1.0, 50.0, 1000.0])
@pytest.mark.parametrize("groups", [[0, 0, 1, 1, 2, 3], [0, 0, 1, 1, 0, 1], [5, 5, 6, 6, 7, 7]], ids=str)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_what_calibration_rules_out_is_never_drawn(
    sharpness: float, groups: list[int], dtype: torch.dtype
) -> None:
    conditioner = texture_conditioner(codebook=6, groups=groups, sharpness=sharpness).to(dtype)
    with torch.no_grad():
        conditioner.prior.bias[4:] = -1e4
    features = torch.randn(40, 4, generator=torch.Generator().manual_seed(0)).to(dtype)
    found = probabilities(conditioner, features)
    assert torch.equal(found[:, 4:], torch.zeros(40, 2, dtype=dtype))
    torch.testing.assert_close(found.sum(-1), torch.ones(40, dtype=dtype))
    uniforms = torch.linspace(0, 1, 40).to(dtype)
    with torch.no_grad():
        drawn = chosen(conditioner, features, uniforms)
    assert int(drawn[:-1].max()) <= 3  # the last number is 1, which is never drawn


@pytest.mark.parametrize("sharpness", [0.5, 3.0])
def test_textures_of_groups_come_as_often_as_their_probabilities_say(sharpness: float) -> None:
    conditioner = texture_conditioner(groups=[1, 0, 1, 2, 0], sharpness=sharpness)
    count = 1_000
    uniforms = (torch.arange(count, dtype=torch.float64) + 0.5) / count
    with torch.no_grad():
        often = torch.bincount(chosen(conditioner, FEATURES.expand(count, -1), uniforms), minlength=5)
    assert float((often - count * probabilities(conditioner)[0]).abs().max()) <= 1.0 + 1e-6


def test_photos_of_a_batch_have_their_own_probabilities() -> None:
    conditioner = texture_conditioner(groups=[0, 1, 0, 2, 1], sharpness=2.0)
    features = torch.randn(5, 4, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    alone = torch.cat([probabilities(conditioner, row[None]) for row in features])
    torch.testing.assert_close(probabilities(conditioner, features), alone, rtol=1e-12, atol=0)
    assert len(alone.unique(dim=0)) == 5


def test_high_sharpness_takes_the_most_likely_texture() -> None:
    conditioner = texture_conditioner(sharpness=1e4)
    features = torch.randn(50, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    uniforms = torch.rand(50, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    with torch.no_grad():
        best = conditioner.prior_logits(features).argmax(-1)
        assert torch.equal(chosen(conditioner, features, uniforms), best)
    assert len(set(best.tolist())) > 1


def test_the_last_texture_is_reached_even_where_the_number_rounds_to_one() -> None:
    conditioner = texture_conditioner().float()
    with torch.no_grad():
        index = chosen(conditioner, FEATURES.float(), torch.ones(1))
    assert int(index) == 4


def test_rows_of_a_batch_choose_by_themselves() -> None:
    conditioner = texture_conditioner()
    features = torch.randn(6, 4, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    uniforms = torch.linspace(0.05, 0.95, 6, dtype=torch.float64)
    with torch.no_grad():
        together = chosen(conditioner, features, uniforms)
        alone = [int(chosen(conditioner, features[i : i + 1], uniforms[i : i + 1])) for i in range(6)]
    assert together.tolist() == alone


def test_textures_and_features_are_normalised() -> None:
    conditioner = texture_conditioner()
    textures = torch.randn(3, 6, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    with torch.no_grad():
        expected = conditioner.network((textures - conditioner.texture_mean) / conditioner.texture_std)
        assert torch.equal(conditioner.texture_vector(textures), expected)
        shifted = conditioner.feature_mean + conditioner.feature_std * FEATURES
        torch.testing.assert_close(conditioner.prior_logits(shifted), conditioner.prior(FEATURES))


def test_the_texture_path_trains_on_textures_and_the_photo_path_on_photos() -> None:
    features, textures = FEATURES, torch.ones(1, 6, dtype=torch.float64)
    by_texture, by_photo = texture_conditioner(), photo_conditioner()
    with torch.no_grad():
        first = by_texture.training_vector(features, textures)
        assert torch.equal(first, by_texture.training_vector(features + 1, textures))
        assert not torch.equal(first, by_texture.training_vector(features, textures + 1))
        second = by_photo.training_vector(features, textures)
        assert torch.equal(second, by_photo.training_vector(features, textures + 1))
        assert not torch.equal(second, by_photo.training_vector(features + FEATURES.flip(1), textures))
        assert torch.equal(second, by_photo.photo_vector(features, torch.tensor([0.1])))
        assert torch.equal(second, by_photo.photo_vector(features, torch.tensor([0.9])))
    assert not by_texture.prior.weight.requires_grad  # fitted in closed form before training


@pytest.mark.parametrize("make", [texture_conditioner, photo_conditioner])
def test_dropout_puts_the_null_vector_in_and_teaches_it(make: type[Conditioner]) -> None:
    conditioner = make()
    vector = torch.randn(3, 3, dtype=torch.float64, requires_grad=True)
    drop = torch.tensor([False, True, False])
    mixed = conditioner.with_dropout(vector, drop)
    assert torch.equal(mixed[drop], conditioner.null.expand(1, -1))
    assert torch.equal(mixed[~drop], vector[~drop])
    mixed.sum().backward()
    assert vector.grad is not None
    assert torch.equal(vector.grad, (~drop)[:, None].expand(-1, 3).double())
    assert conditioner.null.grad is not None
    assert torch.equal(conditioner.null.grad, torch.ones(3, dtype=torch.float64))


def position_conditioner() -> PositionConditioner:
    conditioner = PositionConditioner(channels=6, rates=(2, 4, 12), longest_s=1.3).double()
    randomise(conditioner, seed=1)
    return conditioner


def test_the_track_holds_what_the_tables_say_at_every_place() -> None:
    conditioner = position_conditioner()
    assert [tuple(table.shape) for table in conditioner.tables] == [(4, 2), (7, 2), (17, 2)]
    assert conditioner.knots_per_s == 12
    seconds = torch.rand(2, 40, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * 1.3
    nothing = torch.zeros(2, 1)
    with torch.no_grad():
        direct = conditioner.training_vector(nothing, nothing, seconds=seconds)
        track = conditioner.photo_vector(nothing, nothing[:, 0])
        by_track = interpolate(track, seconds * conditioner.knots_per_s)
    torch.testing.assert_close(by_track, direct, rtol=0, atol=1e-12)
    assert direct.shape == (2, 40, 6)
    assert not torch.equal(direct[0, 0], direct[0, 1])


def test_every_row_that_is_met_learns() -> None:
    conditioner = position_conditioner()
    nothing = torch.zeros(1, 1)
    seconds = torch.linspace(0, 1.3, 500, dtype=torch.float64)[None]
    conditioner.training_vector(nothing, nothing, seconds=seconds).square().sum().backward()
    for table, rate in zip(conditioner.tables, (2, 4, 12), strict=True):
        assert table.grad is not None
        met = torch.arange(len(table)) < 1.3 * rate + 1
        assert torch.equal(table.grad.abs().sum(1) > 0, met)


def test_dropout_takes_whole_tracks() -> None:
    conditioner = position_conditioner()
    vector = torch.randn(2, 7, 6, dtype=torch.float64)
    mixed = conditioner.with_dropout(vector, torch.tensor([True, False]))
    assert torch.equal(mixed[0], conditioner.null.expand(7, -1))
    assert torch.equal(mixed[1], vector[1])


def telling(*, features: int = 4) -> TextureConditioner:
    """A conditioner that also tells the output of the decoder two numbers."""
    conditioner = TextureConditioner(
        features=features, texture=6, channels=3, codebook_size=5, sharpness=1.0, usual_size=2
    ).double()
    randomise(conditioner, seed=1)
    return conditioner


def test_what_is_usual_stands_behind_what_is_learned_and_is_corrected_for_each_texture() -> None:
    conditioner = telling()
    assert conditioner.usual is not None
    entries = torch.tensor([3, 1])
    textures = conditioner.codebook[entries]
    normal = (textures - conditioner.texture_mean) / conditioner.texture_std
    with torch.no_grad():
        vector, entry = conditioner.texture_vector(textures), conditioner.entry_vector(entries)
        torch.testing.assert_close(vector[:, :3], conditioner.network(normal))
        torch.testing.assert_close(vector[:, 3:], conditioner.usual(normal))
        torch.testing.assert_close(entry[:, :3], vector[:, :3])
        torch.testing.assert_close(entry[:, 3:], vector[:, 3:] + conditioner.correction[entries])


@pytest.mark.parametrize("kind", ["texture", "photo", "position"])
def test_what_is_usual_is_not_learned(kind: str) -> None:
    conditioner: Conditioner = telling()
    if kind == "photo":
        conditioner = PhotoConditioner(features=4, channels=3, usual_size=2).double()
    elif kind == "position":
        conditioner = PositionConditioner(channels=3, rates=(4, 8, 16), longest_s=1.0, usual_size=2).double()
    conditioner.null.data.copy_(torch.arange(5))
    features, textures = torch.randn(2, 4).double(), torch.randn(2, 6).double()
    vector = conditioner.training_vector(features, textures, seconds=torch.rand(2, 7).double())
    assert vector.shape[-1] == 5
    mixed = conditioner.with_dropout(vector, torch.tensor([True, False]))
    assert torch.equal(mixed[0], conditioner.null.expand_as(mixed[0]))
    mixed.square().sum().backward()
    assert conditioner.null.grad is not None
    assert bool((conditioner.null.grad[1:3] != 0).all())
    assert conditioner.null.grad[3:].tolist() == [0, 0]
    if isinstance(conditioner, TextureConditioner):
        assert conditioner.usual is not None
        assert conditioner.usual.weight.grad is None
