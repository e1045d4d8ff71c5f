"""The server's addresses: what is heard, the samples of `generate`, one kind line for all that fails."""

import asyncio
import io
import json
import shlex
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image
from starlette.testclient import TestClient
from starlette.types import Message
from tiny_models import save_photo
from tiny_server import PLACES, Client, jpeg, png

from photowave.cli.main import main
from photowave.generation import SoundscapeGenerator
from photowave.settings import ServeSettings
from photowave.web import app
from photowave.web.static_files import static_files


def hear(server: TestClient, photo: bytes) -> str:
    answer = server.post("/api/hear", content=photo)
    assert answer.status_code == 200, answer.text
    token = answer.json()["photo"]
    assert isinstance(token, str)
    return token


def steps(samples: np.ndarray) -> bytes:
    """Samples as 16 bits, by another way than the server's."""
    return np.clip(np.round(samples.astype(np.float64) * 32_768), -32_768, 32_767).astype("<i2").T.tobytes()


def test_the_model_is_told(client: Client) -> None:
    told = client().get("/api/model").json()
    assert told == {
        "places": list(PLACES),
        "sample_rate": 2_000,
        "channels": 1,
        "photos": False,
        "room": 8,
        "max_upload_bytes": 25_000_000,
        "max_download_s": 60.0,
    }


def test_a_photo_is_heard_as_the_command_line_hears_it(
    client: Client, generator: SoundscapeGenerator, photo: bytes
) -> None:
    told = client().post("/api/hear", content=photo).json()
    hearing = generator.read(photo).hearing
    assert {heard["place"]: heard["probability"] for heard in told["heard"]} == pytest.approx(
        hearing.places, abs=1e-4
    )
    shares = [heard["probability"] for heard in told["heard"]]
    assert shares == sorted(shares, reverse=True)
    assert told["nearest"] == told["heard"][0]["place"]
    assert told["known"] == hearing.is_known
    assert told["words"] == hearing.words
    assert told["nearest"] in told["words"]


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"seed": 3, "temperature": 0.7, "variation": 1},
        {"place": "sea"},
        {"exclude": "sea,wood"},
        {"blend": "sea:0.7,lake:0.3", "guidance": 2},
    ],
    ids=lambda asked: ",".join(asked) or "plain",
)
def test_what_is_streamed_is_what_generate_draws(
    asked: dict[str, object], client: Client, generator: SoundscapeGenerator, photo: bytes
) -> None:
    server = client()
    query = {**asked, "photo": hear(server, photo), "duration_s": 1.3}
    streamed = server.get("/api/stream", params=query)
    assert streamed.headers["x-sample-rate"] == "2000"
    assert streamed.headers["x-channels"] == "1"
    assert streamed.content == steps(generator.generate(photo, duration_s=1.3, **asked).samples)  # type: ignore[arg-type]


def test_two_channels_of_one_are_alike(client: Client) -> None:
    server = client()
    one = server.get("/api/stream", params={"place": "sea", "duration_s": 0.5})
    two = server.get("/api/stream", params={"place": "sea", "duration_s": 0.5, "channels": 2})
    assert two.headers["x-channels"] == "2"
    rows = np.frombuffer(two.content, "<i2").reshape(-1, 2)
    assert np.array_equal(rows, np.repeat(np.frombuffer(one.content, "<i2")[:, None], 2, 1))


@pytest.mark.parametrize("file_format", ["wav", "flac"])
def test_a_download_is_the_file_that_its_command_writes(
    file_format: str, client: Client, model_file: Path, photo: bytes, tmp_path: Path
) -> None:
    server = client()
    asked = {
        "photo": hear(server, photo),
        "seed": 4,
        "temperature": 0.8,
        "exclude": "lake",
        "duration_s": 0.7,
    }
    asked |= {"channels": 2, "format": file_format}
    file = server.get("/api/download", params=asked)
    assert file.headers["content-disposition"] == f'attachment; filename="photowave.{file_format}"'
    told = server.get("/api/describe", params=asked).json()
    words = shlex.split(told.pop("command"))
    assert words[:3] == ["photowave", "generate", "YOUR_PHOTO"]
    (tmp_path / "mine.png").write_bytes(photo)
    words[2] = str(tmp_path / "mine.png")
    assert main([*words[1:], "--model", str(model_file), "--out", str(tmp_path)]) == 0
    written, rate = soundfile.read(tmp_path / f"mine.{file_format}", dtype="int16")
    drawn, drawn_rate = soundfile.read(io.BytesIO(file.content), dtype="int16")
    assert rate == drawn_rate == 2_000
    assert np.array_equal(written, drawn)
    beside = json.loads((tmp_path / "mine.json").read_text())
    assert beside.pop("photo") == "mine.png"
    assert told == {name: value for name, value in beside.items() if name in told}
    assert beside.keys() - told.keys() == {"seconds_taken", "real_time_factor"}


def test_a_place_needs_no_photo_and_its_command_names_none(client: Client) -> None:
    command = (
        client().get("/api/describe", params={"blend": "sea:2,lake:1", "format": "flac"}).json()["command"]
    )
    assert command.startswith("photowave generate --blend sea:0.6666")
    assert command.endswith("--format flac")


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({}, "There is no photo. Give one, or name a place or a blend."),
        ({"place": "see"}, "Place 'see': the model does not know it. Did you mean 'sea'?"),
        ({"place": "sea", "seed": "x"}, "Seed='x': must be a whole number."),
        ({"place": "sea", "seed": "9" * 5000}, "must be a whole number."),
        ({"place": "sea", "temperature": "nan"}, "Temperature=nan: must be above 0"),
        ({"place": "sea", "guidance": "99"}, "Guidance=99: must lie between 0 and 20."),
        ({"place": "sea", "channels": "3"}, "Channels='3': must be 1 or 2."),
        ({"place": "sea", "temperatur": "1"}, "'temperatur' cannot be set. Did you mean temperature?"),
        ({"place": "sea", "like": "/etc/passwd"}, "'like' cannot be set."),
        ({"place": "sea", "exclude": "lake"}, "Place and exclude are given: at most one of them can be."),
        ({"blend": "a:1,b:1,c:1,d:1,e:1"}, "Blend: 5 places; at most 4 are mixed here."),
        ({"exclude": "sea,lake,wood", "photo": True}, "no place is left."),
    ],
)
@pytest.mark.parametrize("address", ["stream", "download", "describe"])
def test_a_bad_setting_is_told_in_one_line(
    asked: dict[str, object], told: str, address: str, client: Client, photo: bytes
) -> None:
    server = client()
    if asked.get("photo"):
        asked = {**asked, "photo": hear(server, photo)}
    answer = server.get(f"/api/{address}", params=asked)
    assert answer.status_code == 400
    assert told in answer.json()["error"]
    assert answer.json().keys() == {"error"}
    assert "\n" not in answer.json()["error"]


def test_downloads_have_an_end_and_a_format(client: Client) -> None:
    server = client(max_download_s=2.0)
    long = server.get("/api/download", params={"place": "sea", "duration_s": 3})
    assert (long.status_code, long.json()["error"].partition(":")[0]) == (400, "Duration_s=3")
    other = server.get("/api/download", params={"place": "sea", "format": "exe"})
    assert other.json()["error"] == "Format='exe': must be wav or flac."


@pytest.mark.parametrize(
    ("content", "status", "told"),
    [
        (b"", 400, "There is no photo in this request."),
        (b"no photo at all" * 9, 400, "The file is in no photo format that can be read here"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 99, 400, "The file is in no photo format"),
        (png(60, 40)[:60], 400, "Copy or export the photo again."),
        (jpeg(60, 40)[:-200], 400, "The photo cannot be decoded: "),
        (b"\xff\x0a" + b"\0" * 50, 400, "The file is in no photo format"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", 400, "The file is in no photo format"),
        (b"x" * 2_000_001, 413, "The photo is larger than 2 million bytes. Scale it down."),
        (png(2_000, 1_001), 413, "at most 2 can be read here. Scale it down."),
    ],
    ids=["nothing", "text", "broken head", "cut off", "cut off later", "jpeg xl", "svg", "bytes", "pixels"],
)
def test_a_bad_upload_is_told_kindly(content: bytes, status: int, told: str, client: Client) -> None:
    server = client(max_upload_mb=2.0, max_megapixels=2.0)
    answer = server.post("/api/hear", content=content)
    assert answer.status_code == status
    assert told in answer.json()["error"]
    assert "Traceback" not in answer.text


def test_bytes_are_counted_where_their_number_is_not_told(client: Client) -> None:
    server = client(max_upload_mb=1.0)
    taken = []

    def parts() -> object:
        for number in range(100):
            taken.append(number)
            yield b"x" * 100_000

    answer = server.post("/api/hear", content=parts())  # type: ignore[arg-type]
    assert answer.status_code == 413


def test_nothing_of_a_photo_is_kept_but_what_was_read(client: Client, photo: bytes) -> None:
    server = client()
    token = hear(server, photo)
    seen = server.app.state.service.readings.recall(token)  # type: ignore[attr-defined]
    assert seen.picture is None
    held = [value for value in vars(seen).values() if isinstance(value, bytes | bytearray | Image.Image)]
    assert held == []
    assert token not in (hear(server, photo), "")


def test_an_unknown_photo_is_asked_for_again(client: Client) -> None:
    answer = client().get("/api/stream", params={"photo": "nobody"})
    assert answer.status_code == 404
    assert answer.json()["error"].endswith("Give the photo again.")


def test_photos_of_the_folder_are_known_by_numbers_only(
    client: Client, generator: SoundscapeGenerator, tmp_path: Path
) -> None:
    folder = tmp_path / "secret-folder"
    folder.mkdir()
    first = save_photo(folder / "a beach.png", 1)
    Image.new("RGB", (3_000, 1_500), "red").save(folder / "wide.png")
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff no photo")
    server = client(photos=str(folder))
    assert server.get("/api/model").json()["photos"]
    listed = server.get("/api/photos")
    assert "secret-folder" not in listed.text
    told = {photo["name"]: photo for photo in listed.json()["photos"]}
    assert told.keys() == {"a beach", "wide"}
    assert (told["wide"]["width"], told["wide"]["height"]) == (3_000, 1_500)
    picture = Image.open(io.BytesIO(server.get(f"/api/photos/{told['wide']['id']}/picture").content))
    assert (picture.format, picture.size) == ("JPEG", (1_024, 512))
    number = told["a beach"]["id"]
    token = server.post(f"/api/photos/{number}/hear").json()["photo"]
    assert server.post(f"/api/photos/{number}/hear").json()["photo"] == token
    streamed = server.get("/api/stream", params={"photo": token, "duration_s": 0.4}).content
    assert streamed == steps(generator.generate(first, duration_s=0.4).samples)


def test_pictures_that_nobody_visits_are_not_read(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        save_photo(tmp_path / f"{number}.png", number)
    server = client(photos=str(tmp_path))
    seen: list[bytes] = []
    reader = server.app.state.service.generator.reader  # type: ignore[attr-defined]
    before = reader.see
    monkeypatch.setattr(reader, "see", lambda photo: (seen.append(photo), before(photo))[1])
    visited = server.get("/api/photos").json()["photos"][1]["id"]
    assert seen == []
    server.post(f"/api/photos/{visited}/hear")
    assert len(seen) == 1


@pytest.mark.parametrize(
    "path",
    [
        "/assets/../app.py",
        "/assets/..%2fapp.py",
        "/assets/%2e%2e%2f__init__.py",
        "/assets//etc/passwd",
        "/api/photos/..%2f..%2fetc%2fpasswd/picture",
        "/api/photos/0/picture",
        "/static/index.html",
    ],
)
def test_no_path_of_a_request_leads_to_a_file(path: str, client: Client) -> None:
    answer = client(photos="data/examples").get(path)
    assert answer.status_code == 404
    assert answer.json().keys() == {"error"}


def test_what_ships_is_served_by_its_names(client: Client) -> None:
    server = client()
    assert server.get("/").text == static_files()["index.html"].content.decode()
    assert server.get("/walk").text == static_files()["walk.html"].content.decode()
    for name, file in static_files().items():
        answer = server.get(f"/assets/{name}")
        assert answer.content == file.content
        assert answer.headers["content-type"].startswith(file.media_type)


def test_health_and_figures(client: Client, photo: bytes) -> None:
    server = client()
    assert server.get("/healthz").json() == {"status": "ok", "listeners": 0, "room": 8, "waiting": 0}
    token = hear(server, photo)
    server.get("/api/stream", params={"photo": token, "duration_s": 0.5})
    figures = server.get("/metrics").text
    assert "photowave_drawn_bytes_total 2000.0" in figures
    assert 'photowave_requests_total{status="200",what="stream"} 1.0' in figures
    assert "photowave_listeners 0.0" in figures
    assert "photowave_photos_remembered 1.0" in figures
    assert token not in figures


def test_sound_is_sent_no_sooner_than_it_can_be_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    now, sent = 0.0, []

    async def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds

    async def drawn() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield b"12"

    async def work() -> None:
        paced = app._paced(drawn(), b"12", bytes_per_s=4, ahead_s=3)  # type: ignore[arg-type]
        sent.extend([(now, len(piece)) async for piece in paced])

    monkeypatch.setattr(app.time, "monotonic", lambda: now)
    monkeypatch.setattr(app.asyncio, "sleep", sleep)
    asyncio.run(work())
    assert len(sent) == 41
    ahead = [sum(size for _, size in sent[:count]) / 4 - sent[count - 1][0] for count in range(1, 42)]
    assert max(ahead) == 3.5  # the piece that is sent once the listener is three seconds behind
    assert sent[-1][0] == 20.5 - 3.5


def test_a_download_that_nobody_waits_for_is_not_drawn_on(generator: SoundscapeGenerator) -> None:
    made = app.build_app(generator, ServeSettings(ahead_s=0.5))
    queries = b"place=sea&duration_s=60"
    scope = {"type": "http", "method": "GET", "path": "/api/download", "query_string": queries}
    scope |= {"headers": [(b"host", b"127.0.0.1")]}
    messages = iter([{"type": "http.request", "body": b""}])

    async def receive() -> Message:
        return next(messages, {"type": "http.disconnect"})

    async def send(message: Message) -> None:
        assert message.get("status", 499) == 499

    async def work() -> None:
        made.state.service.start()
        await made(scope, receive, send)
        assert made.state.service.queue.listeners == 0
        made.state.service.stop()

    asyncio.run(work())
    drawn = made.state.service.metrics.registry.get_sample_value("photowave_drawn_bytes_total")
    assert drawn < 60 * 2 * generator.sample_rate / 4


@pytest.mark.parametrize("address", ["stream", "download"])
def test_the_head_of_a_sound_draws_nothing(address: str, client: Client) -> None:
    server = client()
    assert server.head(f"/api/{address}", params={"place": "sea"}).status_code == 200
    assert "photowave_drawn_bytes_total 0.0" in server.get("/metrics").text
