"""A forked child draws what its parent drew, and does not wait for threads that stayed behind."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tiny_models import save_photo

_CODE = """
import os, signal, sys
import torch
from photowave.generation import load

torch.set_num_threads(2)
model, photo = sys.argv[1:]
generator = load(model)
first = generator.generate(photo, duration_s=0.2).samples
child = os.fork()
if child == 0:
    signal.alarm(60)
    again, anew = generator, load(model)
    same = all((g.generate(photo, duration_s=0.2).samples == first).all() for g in (again, anew))
    os._exit(0 if same and torch.get_num_threads() == 1 else 1)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), torch.get_num_threads())
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_child_draws_the_same(tiny_model_file: Path, tmp_path: Path) -> None:
    photo = save_photo(tmp_path / "a.png", 1)
    done = subprocess.run(
        [sys.executable, "-c", _CODE, tiny_model_file, photo], capture_output=True, text=True, check=False
    )
    assert done.stdout == "0 2\n", done.stderr
