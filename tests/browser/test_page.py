"""The page for one photo in a real browser: what comes out of it, measured at its end."""

import re
import sys
from pathlib import Path

import browser_tap as tap
import numpy as np
import pytest
import soundfile
from browser_server import EXAMPLES, Server, answer_at_once
from playwright.sync_api import Page, Route, expect


def choose(page: Page, name: str) -> None:
    """Give the page one of the example photos."""
    page.set_input_files("#choose", EXAMPLES / f"{name}.jpg")


def drop(page: Page, path: Path) -> None:
    """Drop a file onto the page, as the browser would."""
    page.evaluate(
        """([name, bytes]) => {
          const data = new DataTransfer();
          data.items.add(new File([Uint8Array.from(bytes)], name, { type: "image/jpeg" }));
          const dropped = new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true });
          document.getElementById("drop").dispatchEvent(dropped);
        }""",
        [path.name, list(path.read_bytes())],
    )


def playing(page: Page, words: str = "Playing") -> None:
    """Wait until the page says that it plays."""
    expect(page.locator("#status")).to_contain_text(words, timeout=60_000)


def test_a_dropped_photo_plays_for_as_long_as_was_asked(photo_page: Page) -> None:
    photo_page.uncheck("#endless")
    photo_page.fill("#duration", "3")
    drop(photo_page, EXAMPLES / "sea.jpg")
    expect(photo_page.locator("#status")).to_have_text("The sound is over.", timeout=60_000)
    between = tap.heard(photo_page).between
    assert between.all(), f"silent after {np.nonzero(~between)[0] / 100} s"
    assert len(between) == pytest.approx(300, abs=5)  # 10 ms each; it ends in a fade of 10 ms
    expect(photo_page.locator("#play")).to_have_text("Play")


def test_two_photos_sound_different_and_the_same_photo_alike(
    page: Page, default_server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    page.goto(default_server.url)
    page.wait_for_selector("body[data-ready]")
    page.click("h1")
    page.uncheck("#endless")
    page.fill("#duration", "3")
    spectra = []
    for name in ("sea", "city", "sea"):
        tap.clear(page)
        started = page.evaluate("() => performance.now()")
        choose(page, name)
        tap.wait_for_sound(page)
        first_ms = page.evaluate("() => tapped.loud") - started
        with capsys.disabled():
            sys.stdout.write(f"\nfirst sound {first_ms:.0f} ms after the upload of {name}.jpg ")
        expect(page.locator("#status")).to_have_text("The sound is over.", timeout=120_000)
        spectra.append(tap.heard(page).spectrum_db())
    other, again = (float(np.abs(spectra[0] - spectrum).mean()) for spectrum in spectra[1:])
    assert other > 2 * again, f"{other:.1f} dB between the photos, {again:.1f} dB between two of one"


def test_no_gap_while_it_plays(photo_page: Page) -> None:
    choose(photo_page, "river")
    tap.wait_for_sound(photo_page)
    heard = tap.listen(photo_page, 5)
    assert heard.sounding.all()
    assert heard.zeros.max() < 64


@pytest.mark.slow
def test_no_gap_in_a_minute(photo_page: Page) -> None:
    choose(photo_page, "river")
    tap.wait_for_sound(photo_page)
    heard = tap.listen(photo_page, 60)
    assert heard.sounding.all()
    assert heard.zeros.max() < 64, f"{heard.zeros.max():.0f} samples without sound"


def test_it_goes_on_past_what_is_buffered_and_stops_when_told(photo_page: Page, server: Server) -> None:
    choose(photo_page, "river")
    playing(photo_page)
    tap.listen(photo_page, 1)
    photo_page.click("#play")
    expect(photo_page.locator("#status")).to_have_text("Stopped.")
    photo_page.wait_for_timeout(500)
    assert not tap.listen(photo_page, 0.5).sounding.any()
    for _ in range(100):
        if server.health()["listeners"] == 0:
            return
        photo_page.wait_for_timeout(100)
    pytest.fail("the server still draws for somebody who has left")


def test_what_was_heard_is_overruled_without_a_gap(photo_page: Page) -> None:
    photo_page.route("**/api/stream?*", answer_at_once)
    choose(photo_page, "sea")
    playing(photo_page)
    tap.wait_for_sound(photo_page)
    photo_page.wait_for_timeout(500)
    expect(photo_page.locator("#places li")).to_have_count(4)
    tap.clear(photo_page)
    with photo_page.expect_request("**/api/stream?*place=peak*"):
        photo_page.click("#place-peak")
    playing(photo_page, "Playing: peak")
    tap.wait_for_sound(photo_page)
    photo_page.wait_for_function("() => tapped.windows.length > 200")
    assert tap.heard(photo_page).sounding.all()
    expect(photo_page.locator("#place-peak")).to_have_attribute("aria-pressed", "true")
    photo_page.click("#follow")
    expect(photo_page.locator("#place-peak")).to_have_attribute("aria-pressed", "false")


def test_places_are_blended_by_their_shares(photo_page: Page) -> None:
    with photo_page.expect_request("**/api/stream?*place=sea*"):
        photo_page.click("#place-sea")  # no photo is needed
    photo_page.click("#mix-town")
    expect(photo_page.locator("#shares input")).to_have_count(2)
    with photo_page.expect_request("**/api/stream?*blend=sea%3A0.5%2Ctown%3A0.1*") as asked:
        photo_page.get_by_label("Share of town").fill("10")
    assert "photo=" not in asked.value.url
    playing(photo_page, "Playing: sea and town.")


@pytest.mark.parametrize(
    ("field", "value", "asked"),
    [
        ("#seed", "7", "seed=7"),
        ("#temperature", "0.5", "temperature=0.5"),
        ("#guidance", "2", "guidance=2"),
        ("#variation", "3", "variation=3"),
    ],
)
def test_a_setting_that_changes_is_drawn_at_once(
    field: str, value: str, asked: str, photo_page: Page
) -> None:
    photo_page.click("#place-sea")
    playing(photo_page)
    with photo_page.expect_request(f"**/api/stream?*{asked}*"):
        photo_page.fill(field, value)


def test_the_sound_is_taken_along_with_its_json_and_its_command(photo_page: Page, tmp_path: Path) -> None:
    photo_page.fill("#duration", "2")
    choose(photo_page, "sea")
    playing(photo_page)
    expect(photo_page.locator("#command")).to_contain_text("--duration_s 2")
    for button, kind in [("#wav", "WAV"), ("#flac", "FLAC")]:
        with photo_page.expect_download() as download:
            photo_page.click(button)
        path = tmp_path / download.value.suggested_filename
        download.value.save_as(path)
        info = soundfile.info(path)
        assert (info.format, info.duration) == (kind, 2.0)
    with photo_page.expect_download() as download:
        photo_page.click("#json")
    download.value.save_as(tmp_path / "told.json")
    assert '"seed"' in (tmp_path / "told.json").read_text()
    photo_page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    photo_page.click("#copy")
    expect(photo_page.locator("#status")).to_have_text("The command is copied.")
    copied = photo_page.evaluate("() => navigator.clipboard.readText()")
    assert re.match(r"photowave generate ", copied)


BLOCKING = """(() => {
  let touched = false;
  addEventListener("pointerdown", () => (touched = true), true);
  const { resume } = AudioContext.prototype;
  AudioContext.prototype.resume = function () {
    return touched ? resume.call(this) : new Promise(() => {});
  };
  window.AudioContext = class extends AudioContext {
    constructor(...given) {
      super(...given);
      this.suspend();
    }
  };
})();"""
"""Lets audio sleep until a gesture, as browsers with a window do, and those without one do not always."""


def test_no_sound_before_a_gesture(page: Page, server: Server) -> None:
    page.add_init_script(BLOCKING)
    page.goto(server.url)
    page.wait_for_selector("body[data-ready]")
    drop(page, EXAMPLES / "sea.jpg")
    expect(page.locator("#status")).to_contain_text("press Play")
    assert page.evaluate("() => tapped.loud") is None
    page.click("#play")
    tap.wait_for_sound(page)
    playing(page)


def test_volume_is_what_the_slider_says_and_is_kept(photo_page: Page) -> None:
    photo_page.click("#place-sea")
    playing(photo_page)
    levels = []
    for volume in ("100", "50"):
        photo_page.fill("#volume", volume)
        photo_page.wait_for_timeout(200)
        levels.append(tap.listen(photo_page, 1).level_db)
    assert levels[0] - levels[1] == pytest.approx(12.04, abs=1.5)  # half way is a quarter of the gain
    photo_page.reload()
    expect(photo_page.locator("#volume")).to_have_value("50")


def test_who_is_told_to_wait_is_served_later(photo_page: Page) -> None:
    refused = []

    def once(route: Route) -> None:
        if refused:
            route.continue_()
            return
        refused.append(route.request.url)
        route.fulfill(status=503, headers={"Retry-After": "1"}, json={"error": "All places are taken. Wait."})

    photo_page.route("**/api/stream?*", once)
    photo_page.click("#place-sea")
    expect(photo_page.locator("#message")).to_have_text("All places are taken. Wait.")
    playing(photo_page)
    expect(photo_page.locator("#message")).to_be_empty()


def test_a_photo_that_the_server_has_forgotten_is_given_again(photo_page: Page) -> None:
    forgotten = []

    def once(route: Route) -> None:
        if forgotten:
            route.continue_()
            return
        forgotten.append(route.request.url)
        route.fulfill(status=404, json={"error": "This photo is no longer known. Give the photo again."})

    photo_page.route("**/api/stream?*", once)
    choose(photo_page, "sea")
    playing(photo_page)
    expect(photo_page.locator("#message")).to_be_empty()


def test_a_server_that_is_gone_is_told(photo_page: Page) -> None:
    photo_page.route("**/api/hear", lambda route: route.abort())
    choose(photo_page, "sea")
    expect(photo_page.locator("#message")).to_contain_text("The server does not answer")
