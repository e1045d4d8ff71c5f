"""How many listeners `photowave serve` keeps in real time: starts a server here, and listens to it.

    python scripts/benchmarks/listeners.py --listeners 1 2 4 8 12 16 20 --seconds 20

A server of its own for each number, and a line of JSON for each. Each listener plays: it starts half a
second after its first sound, and falters where sound has not come in time. Who is told to wait comes again
as soon as it was told to. Nothing but this machine is asked.
"""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from urllib.parse import quote

HOST = "127.0.0.1"
BUFFER_S = 0.5
PLACES = ("rain", "sea_waves", "forest_birds", "city_traffic")
MOST_LISTENERS, MOST_SECONDS = 1000, 300


@dataclass
class Told:
    """What one listener met."""

    first_s: float | None = None
    """From its first request that was let in to its first sound."""
    waited: int = 0
    """How often it was told to wait."""
    missing_s: float = 0.0
    """Longest time that the sound was late."""
    heard_s: float = 0.0
    """Seconds of sound that came."""
    lost: str = ""
    """Why it got neither sound nor a word."""


async def listen(port: int, number: int, channels: int, end: float) -> Told:
    """Listen until `end`, and come again where it is full."""
    told = Told()
    place = quote(PLACES[number % len(PLACES)])
    query = f"/api/stream?place={place}&seed={number}&channels={channels}"
    while time.monotonic() < end:
        began = time.monotonic()
        try:
            reader, writer = await asyncio.open_connection(HOST, port)
        except OSError as error:
            told.lost = str(error)
            return told
        try:
            writer.write(f"GET {query} HTTP/1.1\r\nHost: {HOST}:{port}\r\n\r\n".encode())
            head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), end + 10 - began)).decode().lower()
            if " 503 " in head.splitlines()[0]:
                told.waited += 1
                wait_s = float(head.partition("retry-after: ")[2].split()[0])
                await asyncio.sleep(min(wait_s, max(0.0, end - time.monotonic())))
                continue
            if " 200 " not in head.splitlines()[0]:
                told.lost = head.splitlines()[0]
                return told
            rate = int(head.partition("x-sample-rate: ")[2].split()[0])
            await play(reader, told, began=began, end=end, bytes_per_s=2 * channels * rate)
            return told
        except (OSError, EOFError, TimeoutError) as error:
            told.lost = type(error).__name__
            return told
        finally:
            writer.close()
    return told


async def play(
    reader: asyncio.StreamReader, told: Told, *, began: float, end: float, bytes_per_s: float
) -> None:
    """Take chunks as they come, and note how late they are."""
    first = 0.0
    while (now := time.monotonic()) < end:
        try:
            size = int(await asyncio.wait_for(reader.readuntil(b"\r\n"), end - now), 16)
            await reader.readexactly(size + 2)
        except TimeoutError:
            if first:
                told.missing_s = max(told.missing_s, end - first - BUFFER_S - told.heard_s)
            return
        now = time.monotonic()
        if not first:
            first, told.first_s = now, now - began
        told.missing_s = max(told.missing_s, now - first - BUFFER_S - told.heard_s)
        told.heard_s += size / bytes_per_s


def start(arguments: argparse.Namespace, room: int) -> tuple[subprocess.Popen[str], int]:
    """Start a server on a free port; it listens when this returns."""
    command = [sys.executable, "-m", "photowave", "serve", "--port", "0", "--model", arguments.model]
    command += ["--listeners", str(room), "--threads", str(arguments.threads)]
    command += ["--requests_per_minute", "1000000"]
    server = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert server.stdout is not None
    line = server.stdout.readline()
    if not line:
        raise SystemExit("the server did not start; try 'photowave serve' by itself")
    return server, int(line.partition(f"{HOST}:")[2].partition("/")[0])


def peak_mb(pid: int) -> float:
    """Most memory that a process held, in MB; 0 where the system does not tell."""
    try:
        with open(f"/proc/{pid}/status", encoding="utf-8") as status:  # noqa: PTH123
            return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM"))
    except (OSError, StopIteration):
        return 0.0


def cpu_s(pid: int) -> float:
    """Processor time that a process has taken, in seconds; nan where the system does not tell."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as told:  # noqa: PTH123
            fields = told.read().rpartition(")")[2].split()
    except OSError:
        return float("nan")
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def main(arguments: argparse.Namespace, count: int) -> None:
    """Let so many listen, and print what they met."""
    room = count if arguments.room is None else arguments.room
    server, port = start(arguments, room)
    try:
        before_s, end = cpu_s(server.pid), time.monotonic() + arguments.seconds
        listeners = [listen(port, n, arguments.channels, end) for n in range(count)]
        met = await asyncio.gather(*listeners)
        memory_mb, taken_s = peak_mb(server.pid), cpu_s(server.pid) - before_s
    finally:
        server.terminate()
        code = server.wait(20)
    served = [told for told in met if told.first_s is not None]
    heard_s = sum(told.heard_s for told in served)
    first = sorted(told.first_s for told in served if told.first_s is not None)
    print(
        json.dumps(
            {
                "listeners": len(met),
                "channels": arguments.channels,
                "room": room,
                "served": len(served),
                "in real time": sum(told.missing_s <= 0 for told in served),
                "only told to wait": sum(told.first_s is None and told.waited > 0 for told in met),
                "lost": sum(bool(told.lost) for told in met),
                "first sound, median s": round(statistics.median(first), 3) if first else None,
                "first sound, slowest s": round(first[-1], 3) if first else None,
                "seconds of sound per second": round(heard_s / arguments.seconds, 2),
                "processor seconds per second of sound": round(taken_s / heard_s, 3) if heard_s else None,
                "memory, MB": round(memory_mb),
                "load of the machine": round(os.getloadavg()[0], 1),
                "server ended with": code,
            }
        ),
        flush=True,
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--listeners", type=int, nargs="+", default=[20], help="how many come at once")
    parser.add_argument("--seconds", type=float, default=20.0, help="how long they listen")
    parser.add_argument("--channels", type=int, default=2, choices=(1, 2), help="1 or 2")
    parser.add_argument("--room", type=int, help="the server's --listeners; as many as come, if left out")
    parser.add_argument("--threads", type=int, default=2, help="the server's --threads")
    parser.add_argument("--model", default="default", help="'default', or a model file")
    given = parser.parse_args()
    if not (all(1 <= n <= MOST_LISTENERS for n in given.listeners) and 0 < given.seconds <= MOST_SECONDS):
        parser.error(f"at most {MOST_LISTENERS} listeners and {MOST_SECONDS} seconds")
    for number in given.listeners:
        asyncio.run(main(given, number))
