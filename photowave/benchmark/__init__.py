"""What this machine can do: its own peaks, then training and drawing beside them.

Only what needs no torch is named here; `photowave.benchmark.suite.run_benchmark` does the work.
"""

from photowave.benchmark.options import BenchOptions
from photowave.benchmark.report import Figure, Report

__all__ = ["BenchOptions", "Figure", "Report"]
