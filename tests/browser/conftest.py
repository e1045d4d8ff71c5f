"""A browser, and the real server with a tiny model and with the one that ships."""

import dataclasses
import shutil
from collections.abc import Iterator
from pathlib import Path

import browser_tap
import pytest
from browser_server import Server, serving
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

PLACES = ("forest", "peak", "sea", "town")


@pytest.fixture(scope="session")
def server(quick_model_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The real server with a tiny model: a busy machine must not decide whether the page has gaps."""
    with serving(tmp_path_factory.mktemp("serve"), str(quick_model_file)) as running:
        yield running


@pytest.fixture(scope="session")
def default_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The real server with the model that ships."""
    with serving(tmp_path_factory.mktemp("default")) as running:
        yield running


@pytest.fixture(scope="session")
def quick_model_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model file with the real photo encoder, four places, and a tiny random decoder at 44.1 kHz."""
    import torch
    from tiny_models import tiny_config, tiny_model

    from photowave.checkpoint import save_model
    from photowave.image import build_encoder
    from photowave.model import Catalogue, Origin, TextureConditioner

    tiny = tiny_config("mixture", 8)
    config = dataclasses.replace(tiny, audio=dataclasses.replace(tiny.audio, sample_rate=44_100))
    encoder = build_encoder(config.image)
    model = tiny_model(config, feature_dim=encoder.feature_dim)
    origins = tuple(Origin(name=f"{place}.wav", place=place, seconds=2.0, licence="CC0") for place in PLACES)
    model.catalogue = Catalogue(recordings=origins, owners=tuple(index % 4 for index in range(64)))
    assert isinstance(model.conditioner, TextureConditioner)
    model.conditioner.groups.copy_(torch.arange(64) % 4)
    path = tmp_path_factory.mktemp("models") / "quick.safetensors"
    save_model(model, path, encoder_fingerprint=encoder.fingerprint)
    return path


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One chromium for all tests of a worker."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("no chromium: install it (Debian: apt-get install chromium) to test the pages")
    expect.set_options(timeout=60_000)  # a busy machine is slow, and not wrong
    with sync_playwright() as playwright:
        # Software WebGL: a machine that tests has no graphics card.
        arguments = ["--no-sandbox", "--enable-unsafe-swiftshader", "--disable-dev-shm-usage"]
        arguments += ["--autoplay-policy=document-user-activation-required"]  # as with a window
        running = playwright.chromium.launch(executable_path=chromium, args=arguments)
        yield running
        running.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A fresh profile with a small window, tapped."""
    fresh = browser.new_context(viewport={"width": 900, "height": 700}, bypass_csp=True)
    fresh.set_default_timeout(60_000)
    browser_tap.install(fresh)
    yield fresh
    fresh.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A page; scripts that fail and what the content security policy forbids fail the test."""
    wrong: list[str] = []
    fresh = context.new_page()
    fresh.on("pageerror", lambda error: wrong.append(str(error)))
    fresh.on(
        "console",
        lambda message: wrong.append(message.text) if "Content Security Policy" in message.text else None,
    )
    yield fresh
    assert wrong == []


@pytest.fixture
def photo_page(page: Page, server: Server) -> Page:
    """The page for one photo, ready, after a first click, which lets it play."""
    page.goto(server.url)
    page.wait_for_selector("body[data-ready]")
    page.click("h1")
    return page
