"""The server's addresses: requests in, answers out."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from photowave.errors import PhotowaveError
from photowave.generation import SoundscapeGenerator
from photowave.generation.reading import SeenPhoto
from photowave.settings import ServeSettings
from photowave.settings.drawing import LONGEST_S
from photowave.web.asking import format_of, wish_of
from photowave.web.drawing import Drawing, FullError, StoppedError
from photowave.web.guard import Bucket, Guard, KnownHosts, SafeHeaders
from photowave.web.service import BusyError, Service, TooLargeError
from photowave.web.sound import FORMATS, Wish, description, sound_file
from photowave.web.static_files import StaticFile, static_files
from photowave.web.watch import Metrics, Watch

_UPLOAD_S = 60.0
"""Seconds that a photo may take to come in."""
_RETRY_S = "2"


def build_app(
    generator: SoundscapeGenerator, settings: ServeSettings, *, model: str = "default"
) -> Starlette:
    """Make the web application.

    Args:
        generator: What draws.
        settings: Limits, and the folder of photos.
        model: `default`, or the name of the model file, for the command that draws a sound again.

    Raises:
        MediaError: The folder holds no photo.
    """
    service = Service(generator, settings, model=model)
    endpoints = _Endpoints(service)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        service.start()
        yield
        service.stop()

    bucket = Bucket(per_minute=settings.requests_per_minute, burst=settings.requests_per_minute / 3)
    app = Starlette(
        routes=[
            Route("/", endpoints.page),
            Route("/walk", endpoints.walk),
            Route("/assets/{name}", endpoints.asset),
            Route("/api/model", endpoints.model),
            Route("/api/hear", endpoints.hear, methods=["POST"]),
            Route("/api/stream", endpoints.stream),
            Route("/api/download", endpoints.download),
            Route("/api/describe", endpoints.describe),
            Route("/api/photos", endpoints.photos),
            Route("/api/photos/{number}/picture", endpoints.picture),
            Route("/api/photos/{number}/hear", endpoints.hear_photo, methods=["POST"]),
            Route("/healthz", endpoints.health),
            Route("/metrics", endpoints.figures),
        ],
        middleware=[
            Middleware(SafeHeaders),
            Middleware(Watch, metrics=service.metrics),
            Middleware(Guard, bucket=bucket),
            Middleware(KnownHosts, names=settings.known_hosts),
        ],
        exception_handlers={
            HTTPException: _refused,
            TooLargeError: _failed(413),
            PhotowaveError: _failed(400),
            FullError: _told_to_wait,
            BusyError: _told_to_wait,
            StoppedError: _told_to_wait,
            ClientDisconnect: _gone,
        },
        lifespan=lifespan,
    )
    app.state.service = service
    return app


class SoundResponse(StreamingResponse):
    """A sound that is sent as it is drawn; drawing stops when the listener leaves."""

    def __init__(self, drawing: Drawing, first: bytes, *, wish: Wish, sample_rate: int, ahead_s: float):
        pieces = _paced(drawing, first, bytes_per_s=2 * wish.channels * sample_rate, ahead_s=ahead_s)
        headers = {"x-sample-rate": str(sample_rate), "x-channels": str(wish.channels)}
        super().__init__(pieces, media_type="application/octet-stream", headers=headers)
        self._drawing = drawing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._drawing.close()


async def _paced(
    drawing: Drawing, first: bytes, *, bytes_per_s: float, ahead_s: float
) -> AsyncIterator[bytes]:
    """Give pieces no sooner than `ahead_s` before they can have been heard; none once the server ends."""
    began, given = time.monotonic(), len(first)
    yield first
    with suppress(StoppedError):
        async for piece in drawing:
            ahead = given / bytes_per_s - (time.monotonic() - began)
            if ahead > ahead_s:
                await asyncio.sleep(ahead - ahead_s)
            yield piece
            given += len(piece)


class _Endpoints:
    """One method for each address."""

    def __init__(self, service: Service):
        self._service = service
        self._static = static_files()

    async def page(self, request: Request) -> Response:
        return self._file("index.html")

    async def walk(self, request: Request) -> Response:
        return self._file("walk.html")

    async def asset(self, request: Request) -> Response:
        return self._file(request.path_params["name"])

    def _file(self, name: str) -> Response:
        file: StaticFile | None = self._static.get(name)
        if file is None:
            raise HTTPException(404, "There is nothing at this address.")
        return Response(file.content, media_type=file.media_type, headers={"cache-control": "no-cache"})

    async def model(self, request: Request) -> Response:
        service = self._service
        return JSONResponse(
            {
                "places": service.generator.reader.places,
                "sample_rate": service.generator.sample_rate,
                "channels": service.generator.channels,
                "photos": service.settings.photos is not None,
                "room": service.queue.room,
                "max_upload_bytes": service.settings.max_upload_bytes,
                "max_download_s": service.settings.max_download_s,
            }
        )

    async def hear(self, request: Request) -> Response:
        self._service.enter()
        try:
            content = await _body(request, most=self._service.settings.max_upload_bytes)
            return _heard(*await self._service.see(content))
        finally:
            self._service.leave()

    async def stream(self, request: Request) -> Response:
        service = self._service
        wish = self._wish(request, may_be_endless=True)
        if request.method == "HEAD":
            return Response(media_type="application/octet-stream")
        drawing = service.draw(wish)
        try:
            first = await anext(drawing, b"")
        except BaseException:
            drawing.close()
            raise
        rate, ahead_s = service.generator.sample_rate, service.settings.ahead_s
        return SoundResponse(drawing, first, wish=wish, sample_rate=rate, ahead_s=ahead_s)

    async def download(self, request: Request) -> Response:
        service = self._service
        file_format = format_of(request.query_params)
        wish = self._wish(request, longest_s=service.settings.max_download_s)
        if request.method == "HEAD":
            return Response(media_type=FORMATS[file_format])
        drawing, pieces = service.draw(wish), []
        try:
            async for piece in drawing:
                pieces.append(piece)
                if await request.is_disconnected():
                    raise ClientDisconnect
        finally:
            drawing.close()
        content = await asyncio.to_thread(
            sound_file,
            b"".join(pieces),
            file_format=file_format,
            sample_rate=service.generator.sample_rate,
            channels=wish.channels,
        )
        named = {"content-disposition": f'attachment; filename="photowave.{file_format}"'}
        return Response(content, media_type=FORMATS[file_format], headers=named)

    async def describe(self, request: Request) -> Response:
        service = self._service
        wish = self._wish(request)
        file_format = format_of(request.query_params)
        told = await service.apart(
            lambda: description(service.generator, wish, model=service.model, file_format=file_format)
        )
        return JSONResponse(told)

    async def photos(self, request: Request) -> Response:
        return JSONResponse({"photos": await self._service.apart(self._service.album.listed)})

    async def picture(self, request: Request) -> Response:
        number = self._number(request)
        content = await self._service.apart(self._service.album.picture, number)
        return Response(content, media_type="image/jpeg", headers={"cache-control": "private, max-age=3600"})

    async def hear_photo(self, request: Request) -> Response:
        number = self._number(request)
        self._service.enter()
        try:
            return _heard(*await self._service.see_of_album(number))
        finally:
            self._service.leave()

    async def health(self, request: Request) -> Response:
        queue = self._service.queue
        told = {"status": "ok", "listeners": queue.listeners, "room": queue.room, "waiting": queue.waiting}
        return JSONResponse(told)

    async def figures(self, request: Request) -> Response:
        metrics: Metrics = self._service.metrics
        return Response(generate_latest(metrics.registry), headers={"content-type": CONTENT_TYPE_LATEST})

    def _number(self, request: Request) -> str:
        number: str = request.path_params["number"]
        if number not in self._service.album:
            raise HTTPException(404, "There is no such photo in the walk.")
        return number

    def _wish(self, request: Request, *, longest_s: float = LONGEST_S, may_be_endless: bool = False) -> Wish:
        photo: SeenPhoto | None = None
        if token := request.query_params.get("photo"):
            photo = self._service.readings.recall(token)
            if photo is None:
                raise HTTPException(404, "This photo is not remembered any more. Give the photo again.")
        channels = self._service.generator.channels
        return wish_of(
            request.query_params,
            photo,
            channels=channels,
            longest_s=longest_s,
            may_be_endless=may_be_endless,
        )


async def _body(request: Request, *, most: int) -> bytes:
    """Receive a photo, of `most` bytes at the most."""
    large = TooLargeError(f"the photo is larger than {most / 1e6:g} million bytes. Scale it down.")
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > most:
        raise large
    content = bytearray()
    try:
        async with asyncio.timeout(_UPLOAD_S):
            async for part in request.stream():
                content += part
                if len(content) > most:
                    raise large
    except TimeoutError as error:
        raise HTTPException(408, "The photo took too long to arrive. Try a smaller one.") from error
    if not content:
        raise HTTPException(400, "There is no photo in this request. Choose a photo.")
    return bytes(content)


def _heard(token: str, seen: SeenPhoto) -> Response:
    """Answer with what was heard in a photo, the likeliest first."""
    heard = [{"place": name, "probability": round(share, 4)} for name, share in seen.hearing.places.items()]
    return JSONResponse(
        {
            "photo": token,
            "heard": heard,
            "known": seen.hearing.is_known,
            "nearest": next(iter(seen.hearing.places), None),
            "words": seen.hearing.words,
        }
    )


def _failed(status: int) -> Any:
    async def answer(request: Request, error: Exception) -> Response:
        text = " ".join(str(error).split())
        return JSONResponse({"error": text[:1].upper() + text[1:]}, status)

    return answer


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    kind = {404: "There is nothing at this address.", 405: "This address is not asked like that."}
    usual = error.detail in ("Not Found", "Method Not Allowed")
    told = kind.get(error.status_code, "That did not work.") if usual else error.detail
    return JSONResponse({"error": told}, error.status_code, headers=error.headers)


async def _told_to_wait(request: Request, error: Exception) -> Response:
    told = "All places are taken. Wait a moment; the page tries again by itself."
    return JSONResponse({"error": told}, 503, headers={"retry-after": _RETRY_S})


async def _gone(request: Request, error: Exception) -> Response:
    return Response(status_code=499)
