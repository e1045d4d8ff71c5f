"""Drawing takes one of torch's threads, and gives the others back."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from photowave.generation import load
from photowave.generation.one_thread import one_thread
from photowave.settings import DrawSettings


@pytest.fixture
def three_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("three_threads")
def test_a_sound_is_drawn_with_one_thread(tiny_model_file: Path) -> None:
    generator, seen = load(tiny_model_file), set[int]()
    vector = generator.model.conditioner.null.detach()[None]
    settings = DrawSettings(duration_s=0.01)
    generator.draw(vector, settings, seeds=[0], progress=lambda _: seen.add(torch.get_num_threads()))
    assert seen == {1}
    assert torch.get_num_threads() == 3


@pytest.mark.usefixtures("three_threads")
def test_the_threads_are_given_back_after_a_mistake() -> None:
    with pytest.raises(KeyError), one_thread():
        raise KeyError
    assert torch.get_num_threads() == 3
