"""Where requests may come from and how often, and the headers of every answer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny_server import Client

from photowave.web.guard import HEADERS, Bucket


@pytest.mark.parametrize(
    "path", ["/", "/walk", "/assets/style.css", "/api/model", "/api/nothing", "/healthz", "/metrics"]
)
def test_every_answer_has_its_headers(path: str, client: Client) -> None:
    answer = client().get(path)
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS
    assert "cache-control" in answer.headers
    policy = HEADERS["content-security-policy"]
    assert "unsafe" not in policy
    assert "http" not in policy


def test_a_fault_of_the_server_is_told_without_detail(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = client()
    reader = server.app.state.service.generator.reader  # type: ignore[attr-defined]
    monkeypatch.setattr(type(reader), "places", property(lambda self: 1 / 0))
    answer = server.get("/api/model")
    assert answer.status_code == 500
    assert answer.json() == {"error": "Something broke on the server; its log tells more."}
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 400),
        ({"origin": "http://127.0.0.1:8000"}, 400),
        ({"sec-fetch-site": "same-origin"}, 400),
        ({"sec-fetch-site": "none"}, 400),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "http://127.0.0.1:9000"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
    ],
)
def test_other_sites_cannot_post_photos(headers: dict[str, str], status: int, client: Client) -> None:
    answer = client().post("/api/hear", headers=headers)
    assert answer.status_code == status


def test_other_sites_cannot_let_this_machine_draw(client: Client) -> None:
    asked = {"place": "sea", "duration_s": 0.1}
    answer = client().get("/api/stream", params=asked, headers={"sec-fetch-site": "cross-site"})
    assert answer.status_code == 403


@pytest.mark.parametrize(
    ("settings", "host", "status"),
    [
        ({}, "127.0.0.1:8000", 200),
        ({}, "localhost:8000", 200),
        ({}, "rebound.example:8000", 400),
        ({"host": "0.0.0.0"}, "photos.example:8000", 200),
        ({"host": "0.0.0.0", "names": "photos.example, localhost"}, "photos.example", 200),
        ({"host": "0.0.0.0", "names": "photos.example, localhost"}, "other.example", 400),
    ],
)
def test_names_that_are_not_the_servers_own_are_refused(
    settings: dict[str, str], host: str, status: int, client: Client
) -> None:
    answer = client(**settings).get("/api/model", headers={"host": host})
    assert answer.status_code == status
    if status == 400:
        assert answer.json() == {
            "error": "This server is not known by that name. Whoever runs it can add the name with --names."
        }
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_many_requests_of_one_client_are_told_to_wait(client: Client) -> None:
    server = client(requests_per_minute=6)
    answers = [server.get("/api/model") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 11
    # The pages themselves, and whoever watches the server, are not counted.
    assert server.get("/healthz").status_code == 200


@given(st.lists(st.floats(0, 20), min_size=1, max_size=50))
def test_no_more_pass_than_come(pauses: list[float]) -> None:
    now = 0.0
    bucket = Bucket(per_minute=30, burst=4, clock=lambda: now)
    passed = 0
    for pause in pauses:
        now += pause
        passed += bucket.take("one") == 0.0
        assert passed <= 4 + now / 2 + 1e-6
    wait_s = bucket.take("one")
    now += wait_s + 1e-6
    assert wait_s == 0 or bucket.take("one") == 0.0
    assert bucket.take("another") == 0.0


def test_clients_are_not_remembered_without_bound() -> None:
    bucket = Bucket(per_minute=6, burst=1, clock=lambda: 0.0)
    for client in range(10_000):
        assert bucket.take(str(client)) == 0.0
    assert len(bucket._clients) < 5_000
