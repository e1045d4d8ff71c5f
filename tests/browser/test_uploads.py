"""Each kind of bad upload shows a kind message, and the next good photo plays."""

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from browser_server import EXAMPLES
from PIL import Image
from playwright.sync_api import Page, expect


def _picture(size: tuple[int, int], kind: str) -> bytes:
    file = io.BytesIO()
    Image.new("1", size).save(file, kind)
    return file.getvalue()


BAD: dict[str, Callable[[], bytes]] = {
    "empty.jpg": lambda: b"",
    "letter.jpg": lambda: b"Dear Sir or Madam, this is a letter and no photo.",
    "cut.jpg": lambda: (EXAMPLES / "sea.jpg").read_bytes()[:2000],
    "drawing.svg": lambda: b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "too-many-pixels.png": lambda: _picture((20_000, 20_000), "PNG"),
    "too-large.jpg": lambda: bytes(26_000_000),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_upload_is_refused_kindly(name: str, photo_page: Page, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(BAD[name]())
    photo_page.set_input_files("#choose", tmp_path / name)
    message = photo_page.locator("#message")
    expect(message).not_to_be_empty(timeout=60_000)
    words = message.inner_text()
    assert "photo" in words.lower() or "picture" in words.lower()
    assert not any(word in words for word in (name, "Traceback", "Error", "Exception", "undefined"))
    assert words.endswith("."), "it is a sentence"
    expect(photo_page.locator("#status")).to_be_empty()
    photo_page.set_input_files("#choose", EXAMPLES / "sea.jpg")
    expect(photo_page.locator("#status")).to_contain_text("Playing", timeout=60_000)
    expect(message).to_be_empty()


@pytest.mark.parametrize("files", [0, 2])
def test_no_file_or_several_are_refused_by_the_page(files: int, photo_page: Page) -> None:
    photo_page.evaluate(
        """(count) => {
          const data = new DataTransfer();
          for (let i = 0; i < count; i++) data.items.add(new File(["x"], `${i}.jpg`));
          dispatchEvent(new DragEvent("drop", { dataTransfer: data, cancelable: true }));
        }""",
        files,
    )
    expect(photo_page.locator("#message")).to_contain_text("file" if files == 0 else "only one")


def test_a_pasted_photo_plays(photo_page: Page) -> None:
    photo_page.evaluate(
        """(bytes) => {
          const clipboardData = new DataTransfer();
          clipboardData.items.add(new File([Uint8Array.from(bytes)], "image.jpg", { type: "image/jpeg" }));
          dispatchEvent(new ClipboardEvent("paste", { clipboardData }));
        }""",
        list((EXAMPLES / "sea.jpg").read_bytes()),
    )
    expect(photo_page.locator("#status")).to_contain_text("Playing", timeout=60_000)
