"""The server as a process: draws for those there is room for, tells the others, and ends cleanly."""

import asyncio
import json
import signal
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import httpx2 as httpx
import pytest
from tiny_models import save_photo

from photowave.cli.main import main
from photowave.errors import ConfigError
from photowave.web.server import take_port

pytestmark = pytest.mark.slow

ROOM, COME = 3, 200


class Server:
    """A server in a process of its own, on a free port."""

    def __init__(self, model: Path, photos: Path, log: IO[str]) -> None:
        command = ["serve", "--port", "0", "--model", str(model), "--photos", str(photos)]
        command += ["--listeners", str(ROOM), "--requests_per_minute", "100000"]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "photowave", *command], stdout=subprocess.PIPE, stderr=log, text=True
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line.startswith("photowave: listening on http://127.0.0.1:"), line
        self.address = line.split()[3].rstrip("/")

    def health(self) -> dict[str, object]:
        told = httpx.get(f"{self.address}/healthz").json()
        assert isinstance(told, dict)
        return told

    def wait_for(self, listeners: int) -> None:
        for _ in range(3_000):
            if self.health()["listeners"] == listeners:
                return
        raise AssertionError(f"{self.health()} instead of {listeners} listeners")


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("log") / "log.jsonl"


@pytest.fixture(scope="module")
def server(model_file: Path, log: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    photos = tmp_path_factory.mktemp("photos")
    save_photo(photos / "private-name.png", 1)
    with log.open("w") as written:
        made = Server(model_file, photos, written)
        try:
            yield made
        finally:
            made.process.kill()
            made.process.wait()


def test_a_sound_goes_on_until_its_listener_leaves(server: Server) -> None:
    with httpx.stream("GET", f"{server.address}/api/stream?place=sea") as answer:
        assert "content-length" not in answer.headers
        received, parts = 0, answer.iter_raw()
        while received < 3 * 2 * 2_000:
            received += len(next(parts))
        assert server.health()["listeners"] == 1
    server.wait_for(listeners=0)


def test_of_very_many_each_is_served_or_told_to_wait(server: Server) -> None:
    async def come(client: httpx.AsyncClient, all_here: asyncio.Barrier) -> tuple[int, str]:
        async with client.stream("GET", f"{server.address}/api/stream?place=sea") as answer:
            parts = answer.aiter_raw()
            if answer.status_code == 200:
                assert await anext(parts)
            await all_here.wait()
            return answer.status_code, answer.headers.get("retry-after", "")

    async def everybody() -> list[tuple[int, str]]:
        async with httpx.AsyncClient(limits=httpx.Limits(max_connections=None), timeout=120) as client:
            all_here = asyncio.Barrier(COME)
            return await asyncio.gather(*(come(client, all_here) for _ in range(COME)))

    met = Counter(asyncio.run(everybody()))
    assert met == {(200, ""): ROOM, (503, "2"): COME - ROOM}
    server.wait_for(listeners=0)


def test_a_port_that_is_taken_is_told_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["serve", "--port", str(port)]) == 2
    told = capsys.readouterr().err
    assert told.startswith(f"photowave: host=127.0.0.1 port={port}: cannot be listened on (Address")
    assert told.count("\n") == 1


def test_a_port_is_taken_once_while_nobody_serves_on_it_yet() -> None:
    with take_port("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with pytest.raises(ConfigError, match=f"port={port}: cannot be listened on"):
            take_port("127.0.0.1", port)


def test_sigterm_ends_it_cleanly_while_somebody_listens(server: Server, log: Path) -> None:
    listed = httpx.get(f"{server.address}/api/photos").json()["photos"]
    httpx.post(f"{server.address}/api/photos/{listed[0]['id']}/hear")
    with httpx.stream("GET", f"{server.address}/api/stream?place=sea") as answer:
        parts = answer.iter_raw()
        assert next(parts)
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(60) == 0
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    asked = Counter((line["what"], line["status"]) for line in lines if line["event"] == "request")
    assert asked["stream", 503] == COME - ROOM
    assert asked["stream", 200] == ROOM + 2
    assert asked["hear_photo", 200] == 1
    assert {line["level"] for line in lines} == {"info"}
    assert "private-name" not in log.read_text()
    assert listed[0]["id"] not in log.read_text()
