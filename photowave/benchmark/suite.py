"""What is measured, in which order, and what follows from it."""

import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from photowave.benchmark import workloads
from photowave.benchmark.clock import in_own_process
from photowave.benchmark.machine import describe_machine, measure_peaks
from photowave.benchmark.report import Report
from photowave.checkpoint import default_model_path, load_model
from photowave.model import build_wavenet
from photowave.settings import BenchSettings, ModelConfig

_TOGETHER = 8


@dataclass(frozen=True)
class _Plan:
    """How often (quick and slow things), and how long a sound, in seconds."""

    runs: int
    heavy_runs: int
    duration_s: float
    reference_s: float


_PEAKS = (
    ("gemm_gflops", "matrix product", "GFLOP/s"),
    ("gemm_gflops_one_core", "matrix product, one core", "GFLOP/s"),
    ("memory_bandwidth_gb_per_s", "memory copy, read and written", "GB/s"),
    ("matrix_vector_gb_per_s", "matrix times vector, one core", "GB/s"),
)
_FULL, _QUICK = _Plan(9, 5, 5.0, 1.0), _Plan(3, 3, 1.0, 0.0)


def run_benchmark(options: BenchSettings, *, progress: Callable[[str], None] | None = None) -> Report:
    """Measure this machine; every part in a process of its own.

    Args:
        options: What to measure.
        progress: Called with the name of each part before it starts.

    Returns:
        The figures, not yet written to `options.out`.

    Raises:
        CheckpointError: The model file cannot be read.
        PhotowaveError: A part failed.
    """
    config, file = _model(options.model)
    plan = _QUICK if options.quick else _FULL
    settings = {
        "quick": options.quick,
        "threads": options.threads or os.cpu_count() or 1,
        "model": Path(options.model).name if file else "default settings, random weights",
        "multiply_adds_per_frame": workloads.multiply_adds(build_wavenet(config)),
        "sample_rate": config.audio.sample_rate,
        "bands": config.audio.bands,
        "clip_s": options.clip_s,
        "batch_size": options.batch_size,
        "duration_s": plan.duration_s,
        "reference_crop": None if options.quick else options.reference_crop,
    }
    suite = _Suite(Report(describe_machine(), settings), plan, progress or (lambda part: None))
    suite.measure_peaks()
    with tempfile.TemporaryDirectory() as folder:
        if file is None:
            file = Path(folder) / "random.safetensors"
            workloads.write_random_model(config, file)
        suite.measure_default(config, file)
        suite.measure_start(file, Path(folder))
    if not options.quick:
        suite.measure_reference(options.reference_crop)
    return suite.report


def _model(name: str) -> tuple[ModelConfig, Path | None]:
    """Settings to measure, and the model file if there is one."""
    path = default_model_path() if name == "default" else Path(name)
    if name == "default" and not path.is_file():
        return ModelConfig(), None
    return load_model(path).model.config, path


class _Suite:
    """Measures part by part and adds to the report."""

    def __init__(self, report: Report, plan: _Plan, tell: Callable[[str], None]):
        self.report, self._plan, self._tell = report, plan, tell
        self._threads: int = report.settings["threads"]

    def measure_peaks(self) -> None:
        """What the machine reaches at best."""
        self._tell("the machine's own peaks")
        peaks, _ = in_own_process(partial(measure_peaks, threads=self._threads, runs=self._plan.runs))
        for key, title, unit in _PEAKS:
            self.report.add(key, title, unit, peaks[key])

    def measure_default(self, config: ModelConfig, file: Path) -> None:
        """Training, drawing and the photo encoder of the default model."""
        plan, settings = self._plan, self.report.settings
        training = self._training(config, settings["clip_s"], settings["batch_size"])
        one = "generate_samples_per_s", "drawing, one photo, one core"
        draw = partial(workloads.time_drawing, file)
        taken, alone = self._drawing(config, one, draw, sounds=1, duration_s=plan.duration_s, runs=plan.runs)
        factors = [s / plan.duration_s for s in taken]
        self.report.add("generate_realtime_factor", "  seconds per second of sound", "", factors)
        many = f"generate_{_TOGETHER}_photos_samples_per_s", f"drawing, {_TOGETHER} photos"
        taken, together = self._drawing(
            config, many, draw, sounds=_TOGETHER, duration_s=plan.duration_s, runs=plan.heavy_runs
        )
        factors = [s / (_TOGETHER * plan.duration_s) for s in taken]
        key, title = f"generate_realtime_factor_{_TOGETHER}_photos", "  seconds per second of each sound"
        self.report.add(key, title, "", factors)
        self._tell("the photo encoder")
        work = partial(workloads.time_photo, config, threads=self._threads, runs=plan.runs)
        taken, encoding = in_own_process(work)
        self.report.add("photo_encode_s", "photo encoder, one photo", "s", taken)
        memory = max(training, alone, together, encoding)
        self.report.add("peak_rss_gb", "memory, most of the above", "GB", [memory])

    def measure_start(self, file: Path, folder: Path) -> None:
        """How long until sound is there, with compiled code cached; `folder` is for what is drawn."""
        self._tell("streaming")
        work = partial(workloads.time_streaming, file, threads=self._threads, runs=self._plan.runs)
        taken, _ = in_own_process(work)
        self.report.add("stream_first_chunk_s", "stream, photo to first 0.25 s, warm", "s", taken)
        self._tell("a cold start")
        runs = self._plan.heavy_runs
        taken = workloads.time_cold_start(file, folder, duration_s=5.0, runs=runs)
        self.report.add("cold_generate_s", "photowave generate, one photo, 5 s", "s", taken)

    def measure_reference(self, crop: int) -> None:
        """Training and drawing of the reference network."""
        plan, config, samples = self._plan, workloads.reference_config(), workloads.REFERENCE_STEP
        self._tell("the reference network's training")
        work = partial(
            workloads.time_reference_training, crop=crop, threads=self._threads, runs=plan.heavy_runs
        )
        taken, memory = in_own_process(work)
        self._add_work("reference_train_step_s", "reference, 100,000 samples", "s", taken, taken,
                       gflop=3 * _gflop(config, samples), cores=self._threads)  # fmt: skip
        self.report.add("reference_train_peak_rss_gb", "  memory of that step", "GB", [memory])
        one = "reference_generate_samples_per_s", "reference, drawing, one core"
        draw = workloads.time_reference_drawing
        taken, _ = self._drawing(
            config, one, draw, sounds=1, duration_s=plan.reference_s, runs=plan.heavy_runs
        )
        read = 2 * _gflop(config, plan.reference_s * config.audio.sample_rate)
        key, title = "reference_generate_weights_gb_per_s", "  weights read for it"
        self.report.add(key, title, "GB/s", _rates(read, taken))
        many = f"reference_generate_{_TOGETHER}_samples_per_s", f"reference, drawing {_TOGETHER} sounds"
        self._drawing(config, many, draw, sounds=_TOGETHER, duration_s=plan.reference_s, runs=plan.heavy_runs)

    def _training(self, config: ModelConfig, clip_s: float, batch_size: int) -> float:
        """Add what training does; give its memory."""
        self._tell("training")
        work = partial(
            workloads.time_training, config, clip_s=clip_s, batch_size=batch_size, threads=self._threads,
            runs=self._plan.runs,
        )  # fmt: skip
        taken, memory = in_own_process(work)
        samples = batch_size * workloads.clip_samples(config, clip_s)
        # Once forward and twice back, for the inputs and for the weights.
        self._add_work("train_samples_per_s", "training", "samples/s", _rates(samples, taken), taken,
                       gflop=3 * _gflop(config, samples), cores=self._threads)  # fmt: skip
        factors = [s * config.audio.sample_rate / samples for s in taken]
        self.report.add("train_realtime_factor", "  seconds per second of sound", "", factors)
        self.report.add("train_peak_rss_gb", "  memory", "GB", [memory])
        return memory

    def _drawing(
        self, config: ModelConfig, names: tuple[str, str], draw: Callable[..., list[float]], *,
        sounds: int, duration_s: float, runs: int,
    ) -> tuple[list[float], float]:  # fmt: skip
        """Add how fast sounds are drawn; give seconds per run, and memory."""
        key, title = names
        self._tell(title)
        cores = 1 if sounds == 1 else self._threads
        work = partial(draw, sounds=sounds, duration_s=duration_s, threads=cores, runs=runs)
        taken, memory = in_own_process(work)
        samples = sounds * duration_s * config.audio.sample_rate
        self._add_work(key, title, "samples/s", _rates(samples, taken), taken,
                       gflop=_gflop(config, samples), cores=cores)  # fmt: skip
        return taken, memory

    def _add_work(
        self, key: str, title: str, unit: str, values: Sequence[float], taken: Sequence[float], *,
        gflop: float, cores: int,
    ) -> None:  # fmt: skip
        """Add a figure with its arithmetic beside the matrix product's on as many cores."""
        peak = self.report["gemm_gflops_one_core" if cores == 1 else "gemm_gflops"]
        self.report.add(key, title, unit, values, gflop=gflop, seconds=taken, peak_gflops=peak)


def _gflop(config: ModelConfig, samples: float) -> float:
    """Arithmetic of one pass over so many samples, in 10^9 operations; a multiply-add is two.

    Twice as much is, in GB, what a pass that reads every float32 weight anew for each sample reads.
    """
    return 2e-9 * workloads.multiply_adds(build_wavenet(config)) * samples / config.audio.bands


def _rates(amount: float, taken: Sequence[float]) -> list[float]:
    return [amount / s for s in taken]
