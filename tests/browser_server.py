"""`photowave serve` as a process, for the tests in a browser."""

import json
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from playwright.sync_api import Route

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = ROOT / "data/examples"


class Server:
    """`photowave serve` as a process, with the example photos."""

    def __init__(self, log: Path, model: str = "default"):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        command = [sys.executable, "-m", "photowave", "serve", "--port", str(port), "--model", model]
        command += ["--photos", str(EXAMPLES), "--requests_per_minute", "100000"]
        command += ["--listeners", "8"]  # however busy the machine is
        self._log = log
        with log.open("wb") as stream:
            self._process = subprocess.Popen(command, cwd=ROOT, stdout=stream, stderr=stream)

    def wait(self) -> None:
        """Wait until it answers."""
        for _ in range(1200):
            if self._process.poll() is not None:
                break
            try:
                self.health()
                return
            except OSError:
                time.sleep(0.1)
        raise RuntimeError(f"photowave serve does not answer: {self._log.read_text()[-2000:]}")

    def health(self) -> dict[str, object]:
        """What /healthz says."""
        with urllib.request.urlopen(f"{self.url}/healthz", timeout=10) as answer:
            told: dict[str, object] = json.load(answer)
        return told

    def close(self) -> None:
        """End it, and wait for its end."""
        self._process.terminate()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()


def answer_at_once(route: Route) -> None:
    """Answer /api/stream with 20 s of noise, so that only the page can be what makes a gap."""
    channels = 2 if "channels=2" in route.request.url else 1
    noise = np.random.default_rng(0).integers(-3000, 3000, 20 * 44_100 * channels, dtype="<i2")
    route.fulfill(body=noise.tobytes(), headers={"X-Sample-Rate": "44100", "X-Channels": str(channels)})


@contextmanager
def serving(folder: Path, model: str = "default") -> Iterator[Server]:
    """Run a server."""
    running = Server(folder / "log.txt", model)
    try:
        running.wait()
        yield running
    finally:
        running.close()
