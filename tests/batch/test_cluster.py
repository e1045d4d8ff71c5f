"""Drawing with Ray: the same sounds, bit for bit, and nothing leaves the machine."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from photowave.batch.cluster import Cluster
from photowave.errors import ConfigError

ROOT = Path(__file__).resolve().parents[2]
STARTED = """
import os, sys
os.environ |= {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}
from ray.cluster_utils import Cluster
cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 2, "include_dashboard": False})
print(cluster.address, flush=True)
sys.stdin.read()
cluster.shutdown()
"""


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A cluster with two cores, and so two workers, in processes of its own; its address."""
    path = f"{ROOT}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"
    monkeypatch.setenv("PYTHONPATH", path)
    started = subprocess.Popen(
        [sys.executable, "-c", STARTED],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert started.stdin is not None
    assert started.stdout is not None
    address = ""
    while not address.startswith("127.0.0.1:"):
        address = started.stdout.readline().strip()
        assert started.poll() is None
    yield address
    started.stdin.close()
    started.wait(timeout=60)


@pytest.mark.parametrize("address", ["127.0.0.1:1", "nowhere", "127.0.0.1:99999", ""])
def test_where_no_cluster_answers_is_told(address: str) -> None:
    with pytest.raises(ConfigError, match=f"^ray={address}: no cluster answers there"):
        Cluster(address)


@pytest.mark.slow
def test_two_workers_draw_what_one_process_draws(
    cluster: str, run: Callable[..., int], table: Path, out: Path, tmp_path: Path, tiny_model_file: Path
) -> None:
    here = tmp_path / "here"
    assert run(table, out=here) == 1
    command = [sys.executable, "-m", "photowave", "generate", table.name, "--out", out.name, "--ray", cluster]
    options = ["--model", tiny_model_file, "--duration_s", "0.2"]
    done = subprocess.run([*command, *options], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    told = done.stderr.splitlines()
    assert len([line for line in told if line.startswith("photowave: photos.csv row ")]) == 3, done.stderr
    assert "Traceback" not in done.stderr
    names = sorted(path.name for path in here.iterdir())
    assert sorted(path.name for path in out.iterdir()) == names
    for name in names:
        if name.endswith(".wav"):
            assert (out / name).read_bytes() == (here / name).read_bytes()
    failed = [sorted((path / "failures.csv").read_text().split("\n")) for path in (out, here)]
    assert failed[0] == failed[1]
    wrong = subprocess.run(
        [*command, *options, "--place", "nowhere", "--overwrite"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert wrong.returncode == 2
    assert wrong.stderr.splitlines()[-1].startswith("photowave: this model tells no places by name")
    assert "Traceback" not in wrong.stderr
