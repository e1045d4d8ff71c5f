"""Drawing on a cluster with Ray: the same `Drawer`, once for each core, fed piece by piece."""

import logging
import os
import pickle
import socket
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from importlib import import_module
from ipaddress import ip_address
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from photowave.batch.drawing import TOGETHER, Drawer, Drawn, Work, groups
from photowave.batch.jobs import Fault, Job
from photowave.errors import ConfigError, PhotowaveError
from photowave.settings import OutputSettings

AUTO = "auto"
"""Join the cluster of this machine, or start one."""
_WINDOW = 50_000  # photos that Ray knows of at once; its workers start anew for the next


@dataclass(frozen=True, kw_only=True)
class Workplace:
    """What each worker makes its `Drawer` of."""

    model: str
    """`default`, or a model file that every machine sees under this path."""
    output: OutputSettings
    pictures: bool


class Cluster:
    """A connection to Ray, to be used in a `with` block.

    Args:
        address: `AUTO`, or the address of a cluster.

    Raises:
        ConfigError: There is no cluster at the address.
    """

    def __init__(self, address: str):
        # Ray reads these when it is imported. No word of what is run here leaves the machine.
        os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
        here = "RAY_ADDRESS" not in os.environ if address == AUTO else _answers_here(address)
        if here:
            # Ray's switch for clusters of one machine: all that listens stays on 127.0.0.1.
            os.environ.setdefault("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")
        self._ray: Any = import_module("ray")
        quiet = {"log_to_driver": False, "logging_level": logging.ERROR}
        try:
            self._ray.init(address=address, **quiet)
        except ConnectionError as error:
            if address != AUTO:
                raise _no_cluster(address, error) from error
            self._ray.init(address="local", include_dashboard=False, **quiet)

    def __enter__(self) -> "Cluster":
        return self

    def __exit__(self, *_: object) -> None:
        self._ray.shutdown()  # a cluster that was there before goes on

    @property
    def cores(self) -> int:
        """Cores of all its machines."""
        return max(1, int(self._ray.cluster_resources().get("CPU", 1)))

    def draw(
        self,
        works: Iterable[Work],
        workplace: Workplace,
        *,
        sounds: int,
        progress: Callable[[float], None] | None = None,
    ) -> Iterator[Drawn | Fault]:
        """Draw on all cores; sounds come as they are ready, in any order.

        Args:
            works: What is wanted; photos are read by the workers, under the same paths as here.
            workplace: What the workers need.
            sounds: How many sounds that will be.
            progress: Called with the seconds of each sound that has come.

        Raises:
            PhotowaveError: What is wrong is wrong with all.
        """
        # Few photos are spread over all cores; many go in groups that are quick to draw.
        together = max(1, min(TOGETHER, -(-sounds // self.cores)))
        parts = groups(works, together)
        while blocks := [self._block(part) for part in islice(parts, _WINDOW // together)]:
            for result in self._draw_blocks(blocks, workplace):
                if isinstance(result, Drawn) and progress is not None:
                    progress(result.job.draw.duration_s)
                yield result

    def _block(self, works: list[Work]) -> Any:
        """Hand photos over to Ray: a table of one row, which one worker draws."""
        import pyarrow as pa

        return self._ray.put(pa.table({"works": [pickle.dumps([_anywhere(work) for work in works])]}))

    def _draw_blocks(self, blocks: list[Any], workplace: Workplace) -> Iterator[Drawn | Fault]:
        data = import_module("ray.data")
        logging.getLogger("ray.data").setLevel(logging.ERROR)
        data.DataContext.get_current().enable_progress_bars = False
        drawn = data.from_arrow_refs(blocks).flat_map(
            Worker,
            fn_constructor_args=(workplace,),
            compute=data.ActorPoolStrategy(min_size=1, max_size=min(self.cores, len(blocks))),
            num_cpus=1,
        )
        for row in drawn.iter_rows():
            result = pickle.loads(row["result"])  # written by our own workers
            if isinstance(result, PhotowaveError):
                raise result
            yield result


class Worker:
    """Draws in a process of its own, on one core.

    Args:
        workplace: What it needs.
    """

    def __init__(self, workplace: Workplace):
        import torch

        from photowave.generation import load

        torch.set_num_threads(1)
        self._drawer = Drawer(load(workplace.model), workplace.output, pictures=workplace.pictures)

    def __call__(self, row: dict[str, Any]) -> list[dict[str, bytes]]:
        """Draw what is wanted of some photos; an error that stops all comes back as a result, too."""
        results: list[Drawn | Fault | PhotowaveError] = []
        try:
            results.extend(self._drawer.draw(pickle.loads(row["works"])))
        except PhotowaveError as error:
            results.append(error)
        return [{"result": pickle.dumps(result)} for result in results]


def _answers_here(address: str) -> bool:
    """Whether an address is one that no other machine can have; something must answer there.

    Ray itself would wait for minutes.
    """
    try:
        parts = urlsplit(address if "//" in address else f"//{address}")
        with socket.create_connection((parts.hostname, parts.port or 0), timeout=10) as connection:
            return ip_address(connection.getpeername()[0]).is_loopback
    except (OSError, ValueError) as error:
        raise _no_cluster(address, error) from error


def _no_cluster(address: str, error: Exception) -> ConfigError:
    reason = getattr(error, "strerror", None) or " ".join(str(error).split())
    return ConfigError(
        f"ray={address}: no cluster answers there ({reason}). Give HOST:PORT as 'ray start' told it, or auto."
    )


def _anywhere(work: Work) -> Work:
    """The same work for a process in another folder: with whole paths, and one thread."""
    job, steering = work.job, work.job.steering
    target = job.target
    if isinstance(target.photo, Path):
        target = replace(target, photo=target.photo.absolute())
    if steering.like is not None:
        steering = replace(steering, like=Path(steering.like).absolute())
    moved: Job = replace(job, target=target, steering=steering, draw=replace(job.draw, threads=1))
    return Work(moved, work.takes)
