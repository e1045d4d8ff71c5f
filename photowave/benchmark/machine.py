"""The machine: what it is, and what it reaches at best."""

import os
import platform
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numba
import numpy as np
import psutil
import torch

from photowave._version import __version__
from photowave.benchmark.clock import seconds


@dataclass(frozen=True, kw_only=True)
class Peaks:
    """What the machine reaches at best, one value per run.

    Attributes:
        gemm: Float32 matrix product on all threads, in GFLOP/s.
        gemm_one_core: The same on one, in GFLOP/s.
        copy: Reading and writing of main memory on all threads, in GB/s.
        matrix_vector: Weights read by matrix-vector products on one core, in GB/s.
    """

    gemm: list[float]
    gemm_one_core: list[float]
    copy: list[float]
    matrix_vector: list[float]


def describe_machine() -> dict[str, Any]:
    """Processor, memory, versions and date, as plain values."""
    return {
        "cpu": cpu_name(),
        "cores": os.cpu_count() or 1,
        "memory_gb": psutil.virtual_memory().total / 1e9,
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "torch": str(torch.__version__),
        "numba": numba.__version__,
        "numpy": np.__version__,
        "photowave": __version__,
        "date": datetime.now(UTC).date().isoformat(),
    }


def cpu_name() -> str:
    """What the processor calls itself."""
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text(errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine() or "unknown processor"


def measure_peaks(*, threads: int, runs: int, size: int = 2048, weights: int = 1_500_000) -> Peaks:
    """Measure the machine's own peaks; call it in a process of its own, since it sets torch's threads.

    Args:
        threads: For all but what is said to take one core.
        runs: How many times.
        size: Rows and columns of the matrices that are multiplied; the copy takes eight of them.
        weights: Size of the matrix for the matrix-vector product: about that of the reference network.
    """
    torch.set_num_threads(1)
    one = _gemm_gflops(size, runs)
    rows = round(weights**0.5)
    matrix, vector, out = torch.rand(rows, rows), torch.rand(rows), torch.empty(rows)
    taken = seconds(lambda: torch.mv(matrix, vector, out=out), runs=runs)
    matrix_vector = [4e-9 * rows**2 / s for s in taken]
    torch.set_num_threads(threads)
    source = torch.ones(8 * size**2)
    target = torch.zeros_like(source)
    taken = seconds(lambda: target.copy_(source), runs=runs)
    return Peaks(
        gemm=_gemm_gflops(size, runs),
        gemm_one_core=one,
        copy=[2 * 4e-9 * len(source) / s for s in taken],
        matrix_vector=matrix_vector,
    )


def _gemm_gflops(size: int, runs: int) -> list[float]:
    a, b, out = torch.rand(size, size), torch.rand(size, size), torch.empty(size, size)
    taken = seconds(lambda: torch.mm(a, b, out=out), runs=runs)
    return [2e-9 * size**3 / s for s in taken]
