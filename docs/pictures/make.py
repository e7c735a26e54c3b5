"""Take the pictures of this folder from a running demo: queue, incident and phone answer.

python docs/pictures/make.py http://localhost:8000 PASSWORD

Give it a fresh demo: Sam asks and Oda answers through the pages first, so that there is something
to see. Needs Chromium and the packages of requirements-dev.lock. Pictures of rules: rules.py.
"""

import os
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Locator, Page, Playwright, StorageState, sync_playwright
from small import shrink

HERE = Path(__file__).resolve().parent
SAM, ODA = "sam@demo.example", "oda@demo.example"
SITE = "Gdańsk"
SIZES = ((1440, 900, 1), (390, 844, 2))  # the phone as sharp as phones are
MAX_BYTES = 250_000
ANSWERS = ("Maintenance", "Routine", "Suspicious")


class Portal:
    """A running demo, and who is signed in there."""

    def __init__(self, browser: Browser, address: str, password: str) -> None:
        self.browser, self.address, self.password = browser, address, password
        self._seats: dict[str, StorageState] = {}

    def open(self, person: str, width: int = 1440, height: int = 900, **more: Any) -> Page:
        """A fresh window of this person."""
        context = self.browser.new_context(
            base_url=self.address,
            viewport={"width": width, "height": height},
            has_touch=width < 900,
            is_mobile=width < 900,
            reduced_motion="reduce",
            storage_state=self._seat(person),
            **more,
        )
        return context.new_page()

    def _seat(self, person: str) -> StorageState:
        """The session of this person, from signing in once."""
        if person not in self._seats:
            page = self.browser.new_page(base_url=self.address)
            page.goto("/login/")
            page.get_by_label("E-mail address").fill(person)
            page.get_by_label("Password").fill(self.password)
            page.get_by_role("button", name="Sign in").click()
            page.wait_for_url(re.compile("^(?!.*/login)"))
            self._seats[person] = page.context.storage_state()
        return self._seats[person]


def chromium(playwright: Playwright) -> Browser:
    """The browser that is installed here."""
    found = os.environ.get("CHROMIUM") or shutil.which("chromium")
    return playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])


def main(address: str, password: str) -> None:
    """Let people do something, then take all pictures."""
    with sync_playwright() as playwright:
        browser = chromium(playwright)
        portal = Portal(browser, address, password)
        ask(portal.open(SAM))
        waiting = answer(portal.open(ODA, 390, 844))
        pages = {
            "queue": (SAM, "/incidents/?view=open"),
            "incident": (SAM, answered(portal.open(SAM))),
            "answer": (ODA, waiting),
        }
        for name, (person, path) in pages.items():
            for written in pictures(portal, name, person, path):
                print(written.name, written.stat().st_size)
                if written.stat().st_size > MAX_BYTES:
                    sys.exit(f"{written.name} is too large.")
        browser.close()


def ask(page: Page) -> None:
    """Sam asks about what stands highest at the plant where Oda works, and takes two rows."""
    page.goto("/incidents/?q=site:gdansk")
    rows = page.locator("#queue-rows tbody tr").all()
    targets = [row.get_attribute("data-target") for row in rows[:12]]
    for target in [target for at, target in enumerate(targets) if at % 3 != 1]:
        page.goto(f"/reviews/ask/?{target}")
        form = page.locator("form", has=page.locator("[name=canned]"))
        form.get_by_label("Was this planned work?").check(force=True)
        form.get_by_role("button", name="Ask OT").click()
    page.goto("/incidents/?view=open")
    rows = page.locator("#queue-rows tbody tr").all()
    for path in [row.get_attribute("data-href") or "" for row in rows[1:9:3]]:
        page.goto(f"/incidents/act/assign/?incident={path.strip('/').split('/')[-1]}")
        page.get_by_role("button", name="Assign to me").click()


def answer(page: Page) -> str:
    """Oda answers some; returns where a question waits for her, the download where it may."""
    for verdict in ANSWERS:
        page.goto("/reviews/")
        links = questions(page)
        (links.last if verdict != ANSWERS[0] else links.first).click()
        page.locator("label", has_text=verdict).filter(visible=True).first.tap()
        page.locator(".pick").filter(visible=True).first.tap()
        if verdict == "Suspicious":
            page.get_by_label("What makes you think so?").fill("None of us was at the line.")
        if verdict == "Maintenance":
            page.locator("summary", has_text="Add detail").tap()
            page.get_by_label("Work order").fill("WO-20917")
            page.get_by_label("Note for the SOC").fill("New recipe loaded after the label jam.")
        page.locator("form[data-answer] button[type=submit]").click()
        page.wait_for_url(re.compile("/reviews/"))
        page.locator(".toast").wait_for()
    page.goto("/reviews/")
    return questions(page).first.get_attribute("href") or ""


def questions(page: Page) -> Locator:
    """What Sam has asked; second opinions look the same and come from Tagout."""
    return page.locator(".review-card", has_text="Sam asks").locator(".card-link")


def answered(page: Page) -> str:
    """The incident that OT called maintenance."""
    page.goto("/incidents/?view=open&q=ot:maintenance")
    row = page.locator("#queue-rows tbody tr", has_text=SITE).first
    return row.get_attribute("data-href") or ""


def pictures(portal: Portal, name: str, person: str, path: str) -> Iterator[Path]:
    """One page in both sizes, light and dark."""
    blank = portal.browser.new_page()
    for width, height, scale in SIZES:
        for scheme in ("light", "dark"):
            page = portal.open(
                person, width, height, color_scheme=scheme, device_scale_factor=scale
            )
            page.goto(path)
            page.wait_for_load_state("networkidle")
            if name == "rule-draft":
                page.locator("#backtest .figures").wait_for()
                if width < height:  # there it stands below the lines
                    page.locator("#backtest").evaluate("card => card.scrollIntoView()")
            if name == "answer":
                page.locator("label", has_text="Maintenance").filter(visible=True).first.click()
                page.locator(".pick").filter(visible=True).first.click()
            target = HERE / f"{name}-{width}-{scheme}.png"
            target.write_bytes(shrink(blank, page.screenshot()))
            page.context.close()
            yield target


if __name__ == "__main__":
    main(*sys.argv[1:3])
