"""What is told of requests: metrics, and one line of JSON each; no names, addresses or queries."""

import json
import logging
import sys
import time
from datetime import UTC, datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOGGER = logging.getLogger("photowave.web")
_FIRST_BYTE_S = (0.05, 0.1, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 4.0, 8.0)


class Metrics:
    """The figures of one server, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        self.requests = Counter(
            "photowave_requests", "Requests by what they asked for and how they ended.", ["what", "status"],
            registry=registry,
        )  # fmt: skip
        self.first_byte = Histogram(
            "photowave_first_byte_seconds", "From the request to the first byte of the answer.", ["what"],
            buckets=_FIRST_BYTE_S, registry=registry,
        )  # fmt: skip
        self.drawn = Counter(
            "photowave_drawn_bytes", "Bytes of sound that were drawn, 16 bits a sample.", registry=registry
        )
        self.listeners = Gauge("photowave_listeners", "Sounds that are drawn now.", registry=registry)
        self.waiting = Gauge(
            "photowave_waiting", "Sounds that wait for their next turn of drawing.", registry=registry
        )
        self.photos = Gauge("photowave_photos_remembered", "Photos whose reading is kept.", registry=registry)


class JsonLines(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """Write time, level, what happened, and the fields in `extra={"told": {...}}`."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            **getattr(record, "told", {}),
        }
        if record.exc_info and record.exc_info[1] is not None:
            error, trace = record.exc_info[1:]
            while trace is not None and trace.tb_next is not None:
                trace = trace.tb_next
            where = "" if trace is None else f"{trace.tb_frame.f_code.co_qualname}:{trace.tb_lineno}"
            line["error"] = f"{type(error).__name__} in {where}"
        return json.dumps(line)


def log_to_stderr() -> None:
    """Let this server and what it stands on write lines of JSON to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    for name, level in (("photowave.web", logging.INFO), ("uvicorn", logging.WARNING)):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [handler], False
        logger.setLevel(level)


class Watch:
    """Counts and logs requests; one that fails is told so, without any detail.

    Args:
        app: What is watched.
        metrics: Where they are counted.
    """

    def __init__(self, app: ASGIApp, *, metrics: Metrics):
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and tell of it when its answer has ended."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status, sent, first_s = time.perf_counter(), 0, 0, 0.0

        async def counting(message: Message) -> None:
            nonlocal status, sent, first_s
            if message["type"] == "http.response.start":
                status, first_s = message["status"], time.perf_counter() - began
            else:
                sent += len(message.get("body", b""))
            await send(message)

        try:
            await self._app(scope, receive, counting)
        except Exception:
            LOGGER.exception("failed")
            if status == 0:
                told = "Something broke on the server; its log tells more."
                await JSONResponse({"error": told}, 500)(scope, receive, counting)
        finally:
            what = getattr(scope.get("endpoint"), "__name__", "other")
            self._metrics.requests.labels(what, str(status)).inc()
            self._metrics.first_byte.labels(what).observe(first_s)
            line = {
                "what": what,
                "method": scope["method"],
                "status": status,
                "bytes": sent,
                "first_byte_s": round(first_s, 4),
                "seconds": round(time.perf_counter() - began, 4),
            }
            LOGGER.info("request", extra={"told": line})
