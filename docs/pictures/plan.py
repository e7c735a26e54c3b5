"""Take the pictures of the noise plan, a lead's sitting, planned work and training from a demo.

python docs/pictures/plan.py http://localhost:8000 PASSWORD

Give it a fresh demo whose plan is there: Oda proposes the first rules of it here, so that Leo has
something to sign. Needs what make.py needs.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from make import MOST_BYTES, ODA, SAM, Portal, chromium, pictures
from playwright.sync_api import Page, sync_playwright

LEO = "leo@demo.example"
LESSON = "/training/plant-floor-protocols/low-alert-stopped-line/"


def main(address: str, password: str) -> None:
    """Take all pictures."""
    with sync_playwright() as playwright:
        portal = Portal(chromium(playwright), address, password)
        for written in story(portal, password):
            print(written.name, written.stat().st_size)
            if written.stat().st_size > MOST_BYTES:
                sys.exit(f"{written.name} is too large.")
        portal.browser.close()


def story(portal: Portal, password: str) -> Iterator[Path]:
    """The plan, what is proposed of it, and the pages of training."""
    yield from pictures(portal, "plan", LEO, "/plan/")
    propose(portal.open(ODA), password)
    yield from pictures(portal, "sitting", LEO, "/approvals/sitting/")
    yield from pictures(portal, "planned-work-form", ODA, "/planned-work/new/")
    yield from pictures(portal, "catalogue", SAM, "/training/")
    yield from pictures(portal, "lesson", SAM, LESSON)
    yield from pictures(portal, "capture", SAM, "/training/captures/water-two-writers/")
    yield from pictures(portal, "matrix", SAM, "/attack/")


def propose(page: Page, password: str) -> None:
    """Oda reads the first rules of the plan and proposes them."""
    page.goto("/plan/")
    page.get_by_role("link", name=re.compile("Propose the first")).click()
    page.get_by_label("A note for the people who sign").fill("All of it is our own machines.")
    again = page.get_by_label("Your password again")
    if again.is_visible():  # who has just signed in has proved it
        again.fill(password)
    page.get_by_role("button", name=re.compile("^Propose these")).click()
    page.get_by_text("Waiting for the SOC").first.wait_for()


if __name__ == "__main__":
    main(*sys.argv[1:3])
