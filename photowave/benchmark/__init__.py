"""What this machine can do: its own peaks, then training and drawing beside them.

Only what needs no torch is named here; `photowave.benchmark.suite.run_benchmark` does the work.
"""

from photowave.benchmark.report import Figure, Report
from photowave.extras import require
from photowave.settings import BenchSettings

__all__ = ["BenchSettings", "Figure", "Report"]

require("train", "photowave.benchmark")
