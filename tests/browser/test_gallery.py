"""The gallery in a browser: from a local file, and from a plain web host."""

import functools
import http.server
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import browser_tap as tap
import pytest
from browser_axe import faults
from browser_server import EXAMPLES, ROOT
from playwright.sync_api import Page, expect


@pytest.fixture(scope="session")
def gallery(quick_model_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A gallery of three photos, by the tiny model."""
    folder = tmp_path_factory.mktemp("gallery") / "pages"
    photos = [str(EXAMPLES / f"{name}.jpg") for name in ("sea", "city", "forest")]
    command = [sys.executable, "-m", "photowave", "gallery", *photos, "--out", str(folder)]
    command += ["--model", str(quick_model_file), "--duration_s", "2"]
    command += ["--credits", str(EXAMPLES / "SOURCES.csv")]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return folder


@pytest.fixture(scope="session")
def hosted(gallery: Path) -> Iterator[str]:
    """The address of the same gallery on a web host that only hands out files."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Say nothing."""

    host = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=gallery))
    threading.Thread(target=host.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{host.server_address[1]}"
    host.shutdown()


@pytest.fixture(params=["file", "host"])
def address(request: pytest.FixtureRequest, gallery: Path, hosted: str) -> str:
    """Where the gallery is, either way."""
    return gallery.as_uri() if request.param == "file" else hosted


def test_photos_play_and_are_credited(address: str, page: Page) -> None:
    page.goto(f"{address}/index.html")
    cards = page.locator("article")
    expect(cards).to_have_count(3)
    expect(cards.first.locator("h2")).to_have_text("sea")
    told = "Photo: Various (morgue-file.com, public-domain donation), public-domain"
    expect(cards.first.locator(".credit").first).to_contain_text(told)
    for image in cards.first.locator("img").all():
        image.scroll_into_view_if_needed()
        page.wait_for_function("(image) => image.naturalWidth > 0", arg=image.element_handle())
    times = page.evaluate(
        """async () => {
          const [first, second] = document.querySelectorAll("audio");
          await first.play();
          await second.play();
          const before = second.currentTime;
          while (second.currentTime <= before) await new Promise((done) => setTimeout(done, 50));
          return [first.paused, second.loop, second.duration];
        }"""
    )
    assert times == [True, True, pytest.approx(2.0, abs=0.01)], "one at a time, again and again"


def test_the_walk_sounds_without_a_server(address: str, page: Page) -> None:
    page.set_viewport_size({"width": 400, "height": 400})
    page.goto(f"{address}/walk.html")
    page.wait_for_selector("body[data-ready]")
    expect(page.locator("#view")).to_be_visible()
    page.click("#next")
    tap.wait_for_sound(page)
    page.wait_for_timeout(1500)
    heard = tap.listen(page, 3)  # longer than the loop
    assert heard.sounding.all()
    assert heard.zeros.max() < 64
    expect(page.locator("#caption")).to_contain_text("sea")
    expect(page.locator("#message")).to_be_empty()


@pytest.mark.parametrize("name", ["index.html", "walk.html"])
def test_axe_finds_no_serious_fault(name: str, hosted: str, page: Page) -> None:
    page.set_viewport_size({"width": 400, "height": 400})
    page.goto(f"{hosted}/{name}")
    page.wait_for_selector("body[data-ready]")
    assert faults(page) == []
