"""What every request passes: where it may come from, how often, and which headers its answer has."""

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
        "media-src 'self' blob:; connect-src 'self'; worker-src 'self'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(self), geolocation=(), microphone=(), payment=(), usb=()",
}
"""Of every answer."""
_MOST_CLIENTS = 4096


class Bucket:
    """Tokens of one client each: they come at a rate, and a request takes one.

    Args:
        per_minute: How many come in a minute.
        burst: The most that gather.
        clock: Tells the time in seconds.
    """

    def __init__(self, *, per_minute: float, burst: float, clock: Callable[[], float] = time.monotonic):
        self._per_s, self._burst, self._clock = per_minute / 60.0, burst, clock
        self._clients: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, client: str) -> float:
        """Take a token; seconds until there is one, 0 if one was taken."""
        now = self._clock()
        held, then = self._clients.pop(client, (self._burst, now))
        held = min(self._burst, held + (now - then) * self._per_s)
        wait_s = 0.0 if held >= 1.0 else (1.0 - held) / self._per_s
        self._clients[client] = (held if wait_s else held - 1.0, now)
        if len(self._clients) > _MOST_CLIENTS:
            self._clients.popitem(last=False)
        return wait_s


class SafeHeaders:
    """Gives every answer its headers.

    Args:
        app: What answers.
    """

    def __init__(self, app: ASGIApp):
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("cache-control", "no-store")
            await send(message)

        await self._app(scope, receive, with_headers)


class Guard:
    """Refuses what comes from other sites or too often.

    Args:
        app: What is guarded.
        bucket: How often a client may ask for what lies under /api.
    """

    def __init__(self, app: ASGIApp, *, bucket: Bucket):
        self._app, self._bucket = app, bucket

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or refuse it."""
        guarded = scope["type"] == "http" and scope["path"].startswith("/api/")
        refusal = self._refusal(scope) if guarded else None
        await (refusal or self._app)(scope, receive, send)

    def _refusal(self, scope: Scope) -> JSONResponse | None:
        if not _is_own(Headers(scope=scope)):
            return JSONResponse({"error": "Another site asked for this; open the page itself."}, 403)
        client = scope["client"][0] if scope.get("client") else ""
        if wait_s := self._bucket.take(client):
            return JSONResponse(
                {"error": "That were many requests at once. Wait a moment, then go on."},
                429,
                headers={"retry-after": str(int(wait_s) + 1)},
            )
        return None


class KnownHosts:
    """Refuses requests that ask for another server's name, as a page of another site may do by its DNS.

    Args:
        app: What is guarded.
        names: Those that are known; "*" knows any.
    """

    def __init__(self, app: ASGIApp, *, names: Sequence[str]):
        self._app = app
        self._check = TrustedHostMiddleware(_answer_known, allowed_hosts=list(names), www_redirect=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or refuse it as all others are refused: with a line in JSON."""
        known = False

        async def note(message: Message) -> None:
            nonlocal known
            known = known or message["type"] == _KNOWN

        await self._check(scope, receive, note)
        await (self._app if known else _UNKNOWN)(scope, receive, send)


_KNOWN = "known"
_UNKNOWN = JSONResponse(
    {"error": "This server is not known by that name. Whoever runs it can add the name with --names."}, 400
)


async def _answer_known(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": _KNOWN})


def _is_own(headers: Headers) -> bool:
    """Whether a request comes from this server's pages, or from no page at all.

    A page of another site must neither post photos nor let this machine draw: browsers tell where a request
    comes from, by `Sec-Fetch-Site` and for posts also by `Origin`.
    """
    if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return False
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc == headers.get("host")
