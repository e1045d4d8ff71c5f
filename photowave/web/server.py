"""Runs the application: takes the port, warms up, says where it listens, and ends cleanly."""

import signal
import socket
from typing import TYPE_CHECKING

import uvicorn
from starlette.applications import Starlette

from photowave.errors import ConfigError
from photowave.settings import ServeSettings

if TYPE_CHECKING:
    from types import FrameType

_GRACE_S = 3
"""Seconds that answers get to end once the server is told to stop."""
_MOST_CONNECTIONS = 1000
_SEND_BUFFER = 1 << 18  # bytes that the system holds for one listener: more would be sound drawn in vain


def take_port(host: str, port: int) -> socket.socket:
    """Take an address before anything slow is done; who connects already waits until the server is ready.

    Raises:
        ConfigError: It is in use, or not one of this machine.
    """
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        taken = socket.socket(family, socket.SOCK_STREAM)
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
        taken.bind(address)
        # Two servers that start at the same time may both bind it: only one of them can listen.
        taken.listen()
    except OSError as error:
        reason = error.strerror or str(error)
        raise ConfigError(
            f"host={host} port={port}: cannot be listened on ({reason}). Choose another port, or 0 for any."
        ) from error
    return taken


class _Server(uvicorn.Server):
    """Says where it listens, and lets endless sounds end when it is told to stop."""

    def __init__(self, config: uvicorn.Config, app: Starlette, told: str):
        super().__init__(config)
        self._app, self._told = app, told

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        print(self._told, flush=True)  # noqa: T201 - whoever started it waits for this line

    def handle_exit(self, sig: int, frame: "FrameType | None") -> None:
        self._app.state.service.queue.stop()
        super().handle_exit(sig, frame)


def serve(app: Starlette, settings: ServeSettings, taken: socket.socket) -> None:
    """Serve until SIGTERM or SIGINT.

    Args:
        app: From `build_app`.
        settings: Where, and behind what.
        taken: From `take_port`.
    """
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=settings.behind_proxy,
        limit_concurrency=_MOST_CONNECTIONS,
        timeout_graceful_shutdown=_GRACE_S,
        ws="none",
    )
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    told = f"photowave: listening on http://{host}:{taken.getsockname()[1]}/ (Ctrl+C ends it)"
    # uvicorn raises the signal again once it has ended: it has done its work by then.
    before = {kind: signal.signal(kind, lambda *_: None) for kind in (signal.SIGTERM, signal.SIGINT)}
    try:
        _Server(config, app, told).run(sockets=[taken])
    finally:
        for kind, handler in before.items():
            signal.signal(kind, handler)
