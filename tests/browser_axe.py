"""What axe-core has to say against a page."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page


def faults(page: Page) -> list[str]:
    """Serious and critical faults that axe-core finds, once no colour is on its way to another."""
    page.evaluate("() => Promise.allSettled(document.getAnimations().map((one) => one.finished))")
    found = Axe().run(page).response["violations"]
    return [
        f"{fault['id']}: {node['html'][:120]} ({node['failureSummary'][:200]})"
        for fault in found
        if fault["impact"] in ("serious", "critical")
        for node in fault["nodes"]
    ]
