"""While a sound is drawn, torch calculates with one thread: its steps are too small to be shared."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def one_thread() -> Iterator[None]:
    """Let torch use one thread inside the block, and as many as before after it.

    A step of the network waits for the slowest of its threads. On a machine that does other work, too, that
    wait is many times longer than the step. The compiled sampler has threads of its own, and each thread of
    the process its own number of torch's.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
