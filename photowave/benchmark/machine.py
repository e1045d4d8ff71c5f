"""The machine: what it is, and what it reaches at best."""

import os
import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numba
import numpy as np
import psutil
import torch

from photowave._version import __version__
from photowave.benchmark.clock import seconds


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


def measure_peaks(
    *, threads: int, runs: int, size: int = 2048, weights: int = 1_500_000
) -> dict[str, list[float]]:
    """Measure the machine's own peaks, one value per run; it sets torch's threads in the process it runs in.

    The matrices that are multiplied have `size` rows and columns, the copy takes eight of them; the matrix of
    the matrix-vector product has about as many weights as the reference network.
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
    return {
        "gemm_gflops": _gemm_gflops(size, runs),
        "gemm_gflops_one_core": one,
        "memory_bandwidth_gb_per_s": [2 * 4e-9 * len(source) / s for s in taken],
        "matrix_vector_gb_per_s": matrix_vector,
    }


def _gemm_gflops(size: int, runs: int) -> list[float]:
    a, b, out = torch.rand(size, size), torch.rand(size, size), torch.empty(size, size)
    taken = seconds(lambda: torch.mm(a, b, out=out), runs=runs)
    return [2e-9 * size**3 / s for s in taken]
