"""The walk: what comes from where, what is drawn at all, and the list beside it."""

import browser_tap as tap
import pytest
from browser_server import Server, answer_at_once
from playwright.sync_api import Browser, Page, Route, expect

QUARTER_TURN_PX = 314  # of dragging, at 0.005 radians a pixel
SMALL = {"width": 400, "height": 400}  # software WebGL is slow


@pytest.fixture
def walk_page(page: Page, server: Server) -> Page:
    """The walk through all example photos, before one enters."""
    page.set_viewport_size(SMALL)
    page.goto(f"{server.url}/walk")
    page.wait_for_selector("body[data-ready]")
    return page


def keep_one_picture(page: Page) -> None:
    """Let the server's folder have one photo only."""

    def first(route: Route) -> None:
        photos = route.fetch().json()["photos"]
        route.fulfill(json={"photos": photos[:1]})

    page.route("**/api/photos", first)


def turn(page: Page, pixels: int) -> None:
    """Drag the view sideways; to the right turns to the left."""
    box = page.locator("#view").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    for part in range(1, 5):
        page.mouse.move(x + pixels * part / 8, y)
    page.mouse.up()
    page.mouse.move(x, y)
    page.mouse.down()
    for part in range(1, 5):
        page.mouse.move(x + pixels * part / 8, y)
    page.mouse.up()


def test_a_picture_sounds_from_where_it_hangs(page: Page, server: Server) -> None:
    keep_one_picture(page)
    page.set_viewport_size(SMALL)
    page.goto(f"{server.url}/walk")
    page.wait_for_selector("body[data-ready]")
    page.click("#next")
    tap.wait_for_sound(page)
    page.wait_for_timeout(2000)  # the fade
    balance = {}
    for name, pixels in [("before", 0), ("right", QUARTER_TURN_PX), ("left", -2 * QUARTER_TURN_PX)]:
        turn(page, pixels)
        page.wait_for_timeout(300)
        balance[name] = tap.listen(page, 1).balance_db
    assert abs(balance["before"]) < 2
    assert balance["right"] > 4, "a quarter turn to the left leaves the picture at the right"
    assert balance["left"] < -4


def test_a_picture_is_louder_when_near(page: Page, server: Server) -> None:
    keep_one_picture(page)
    page.set_viewport_size(SMALL)
    page.goto(f"{server.url}/walk")
    page.wait_for_selector("body[data-ready]")
    page.click("#next")
    tap.wait_for_sound(page)
    page.wait_for_timeout(2000)
    far = tap.listen(page, 1).level_db
    page.focus("#view")
    page.keyboard.down("KeyW")
    page.wait_for_timeout(1500)  # up to the wall
    page.keyboard.up("KeyW")
    near = tap.listen(page, 1).level_db
    assert near > far + 3


def test_pictures_cross_fade_and_only_those_at_hand_are_read(walk_page: Page) -> None:
    walk_page.route("**/api/stream?*", answer_at_once)
    heard: set[str] = set()
    walk_page.on("request", lambda request: heard.add(request.url) if "/hear" in request.url else None)
    assert heard == set(), "nothing is read before one enters"
    walk_page.click("#next")
    tap.wait_for_sound(walk_page)
    walk_page.wait_for_timeout(1500)
    tap.clear(walk_page)
    for _ in range(2):
        walk_page.click("#next")
        walk_page.wait_for_timeout(2000)
    assert tap.heard(walk_page).sounding.all()
    assert 0 < len(heard) < 12


def test_the_maze_is_walked_with_keys_alone(walk_page: Page) -> None:
    for _ in range(30):
        walk_page.keyboard.press("Tab")
        if walk_page.evaluate("() => document.activeElement.id") == "view":
            break
    walk_page.keyboard.press("ArrowUp", delay=200)
    expect(walk_page.locator("#enter")).to_be_hidden()
    tap.wait_for_sound(walk_page)
    walk_page.keyboard.press("Tab")
    assert walk_page.evaluate("() => document.activeElement.id") != "view", "one gets out of it again"
    walk_page.focus("#next")
    walk_page.keyboard.press("Enter")
    expect(walk_page.locator("#caption")).not_to_be_empty()


def test_the_list_plays_the_same_pictures(walk_page: Page) -> None:
    walk_page.click("#toggle")
    expect(walk_page.locator("#pictures li")).to_have_count(12)
    walk_page.get_by_role("button", name="Play sea").click()
    expect(walk_page.get_by_role("button", name="Stop sea")).to_have_attribute("aria-pressed", "true")
    tap.wait_for_sound(walk_page)
    walk_page.get_by_role("button", name="Stop sea").click()
    expect(walk_page.get_by_role("button", name="Play sea")).to_be_visible()
    walk_page.click("#toggle")
    expect(walk_page.locator("#enter")).to_be_visible()


def test_who_asks_for_less_motion_sees_the_list_first(page: Page, server: Server) -> None:
    page.emulate_media(reduced_motion="reduce")
    page.goto(f"{server.url}/walk")
    page.wait_for_selector("body[data-ready]")
    expect(page.locator("#list")).to_be_visible()
    page.click("#toggle")
    expect(page.locator("#view")).to_be_visible()


def test_without_webgl_there_is_the_list(page: Page, server: Server) -> None:
    page.add_init_script(
        "const get = HTMLCanvasElement.prototype.getContext;"
        "HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {"
        "  return kind.startsWith('webgl') ? null : get.call(this, kind, ...rest); };"
    )
    page.goto(f"{server.url}/walk")
    page.wait_for_selector("body[data-ready]")
    expect(page.locator("#note")).to_contain_text("WebGL")
    expect(page.locator("#toggle")).to_be_hidden()
    page.get_by_role("button", name="Play city").click()
    tap.wait_for_sound(page)


def test_fingers_walk_and_turn(browser: Browser, server: Server) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 800}, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto(f"{server.url}/walk")
    page.wait_for_selector("body[data-ready]")
    page.tap("#pad button[data-key=ArrowUp]")
    expect(page.locator("#enter")).to_be_hidden()
    context.close()
