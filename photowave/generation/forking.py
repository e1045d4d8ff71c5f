"""Drawing in a process that was forked: torch's threads stayed in the parent."""

import os
from functools import cache


@cache
def see_to_children() -> None:
    """Let processes that are forked from now on calculate with one thread.

    A fork copies the bookkeeping of torch's threads but not the threads, and whoever waits for them waits for
    ever. With one thread none is waited for; torch's own data loader does the same. A process that shall use
    all its cores is started with multiprocessing's method `spawn`.
    """
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_use_one_thread)


def _use_one_thread() -> None:
    import torch

    torch.set_num_threads(1)
