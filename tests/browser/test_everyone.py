"""For everyone: keys alone, screen readers (axe-core), phones, day and night; and a strict content policy."""

from collections.abc import Iterator

import browser_tap as tap
import pytest
from browser_axe import faults
from browser_server import EXAMPLES, Server
from playwright.sync_api import Browser, Page, expect


@pytest.mark.parametrize("colours", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_axe_finds_no_serious_fault_on_the_page(colours: str, width: int, photo_page: Page) -> None:
    photo_page.emulate_media(color_scheme=colours)  # type: ignore[arg-type]
    photo_page.set_viewport_size({"width": width, "height": 800})
    assert faults(photo_page) == []
    photo_page.set_input_files("#choose", EXAMPLES / "sea.jpg")
    expect(photo_page.locator("#status")).to_contain_text("Playing", timeout=60_000)
    photo_page.click("#mix-town")
    photo_page.evaluate("() => (document.getElementById('message').textContent = 'Something is wrong.')")
    assert faults(photo_page) == []


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_axe_finds_no_serious_fault_in_the_walk(colours: str, page: Page, server: Server) -> None:
    page.emulate_media(color_scheme=colours)  # type: ignore[arg-type]
    page.set_viewport_size({"width": 400, "height": 400})
    page.goto(f"{server.url}/walk")
    page.wait_for_selector("body[data-ready]")
    assert faults(page) == []
    page.click("#toggle")
    page.wait_for_timeout(500)
    assert faults(page) == []


@pytest.mark.parametrize("path", ["", "/walk"])
def test_nothing_is_wider_than_a_narrow_phone(path: str, page: Page, server: Server) -> None:
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto(server.url + path)
    page.wait_for_selector("body[data-ready]")
    assert page.evaluate("() => document.documentElement.scrollWidth") == 320


def test_keys_alone_choose_play_change_and_stop(page: Page, server: Server) -> None:
    # From the start: a dialog that opens before the browser was told to hand it over is lost.
    page.on("filechooser", lambda chooser: chooser.set_files(EXAMPLES / "sea.jpg"))
    page.goto(server.url)
    page.wait_for_selector("body[data-ready]")

    def tab_to(name: str) -> None:
        for _ in range(80):
            page.keyboard.press("Tab")
            if page.evaluate("() => document.activeElement.id") == name:
                return
        pytest.fail(f"Tab never reaches {name}")

    tab_to("choose")
    page.keyboard.press("Enter")
    tap.wait_for_sound(page)
    tab_to("place-peak")
    page.keyboard.press("Enter")
    expect(page.locator("#status")).to_contain_text("Playing: peak", timeout=60_000)
    assert page.evaluate("() => document.activeElement.id") == "place-peak", "the focus stays where it was"
    tab_to("temperature")
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#temperature-value")).to_have_text("0.9")
    tab_to("play")
    page.keyboard.press("Space")
    expect(page.locator("#status")).to_have_text("Stopped.")


@pytest.fixture
def strict_page(browser: Browser, server: Server) -> Iterator[Page]:
    """A page without the tap, so that the content policy holds; what it forbids fails the test."""
    context = browser.new_context(viewport={"width": 400, "height": 400})
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    yield page
    context.close()
    assert wrong == []
    assert [url for url in asked if not url.startswith((server.url, "blob:"))] == [], "no foreign host"


@pytest.mark.parametrize(("path", "button"), [("", "#place-sea"), ("/walk", "#next")])
def test_the_pages_keep_to_their_content_policy(
    path: str, button: str, strict_page: Page, server: Server
) -> None:
    strict_page.goto(server.url + path)
    strict_page.wait_for_selector("body[data-ready]")
    with strict_page.expect_response("**/api/stream?*") as answer:
        strict_page.click(button)
    assert answer.value.status == 200
    words = strict_page.locator("#status" if path == "" else "#caption")
    expect(words).not_to_be_empty(timeout=60_000)
