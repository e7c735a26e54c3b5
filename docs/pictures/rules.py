"""Take the pictures of patterns, rules, ledger and the homes of leads from a running demo.

python docs/pictures/rules.py http://localhost:8000 PASSWORD

Give it a demo in which a rule has lived already: let Oda turn a pattern into a rule and Leo sign
it, then move the clock with `manage.py simulator advance 17d`. Here Oda turns one more pattern into
a rule and asks for approval, so that there is something to write and to sign.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from make import MAX_BYTES, ODA, Portal, chromium, pictures
from playwright.sync_api import Page, sync_playwright

LEO, MIA = "leo@demo.example", "mia@demo.example"


def main(address: str, password: str) -> None:
    """Take all pictures, in the order in which a rule comes about."""
    with sync_playwright() as playwright:
        portal = Portal(chromium(playwright), address, password)
        for written in take_pictures(portal, password):
            print(written.name, written.stat().st_size)
            if written.stat().st_size > MAX_BYTES:
                sys.exit(f"{written.name} is too large.")
        portal.browser.close()


def take_pictures(portal: Portal, password: str) -> Iterator[Path]:
    """Patterns, a draft, the request to sign it, and what rules have done."""
    yield from pictures(portal, "patterns", ODA, "/patterns/")
    draft = turned(portal.open(ODA))
    yield from pictures(portal, "rule-draft", ODA, draft)
    rule = draft.removesuffix("edit/")
    propose(portal.open(ODA), rule, password)
    yield from pictures(portal, "rule-approval", LEO, rule)
    yield from pictures(portal, "home-lead", LEO, "/")
    yield from pictures(portal, "home-manager", MIA, "/")
    yield from pictures(portal, "ledger", LEO, "/ledger/")


def turned(page: Page) -> str:
    """Oda turns the first pattern that may become a rule into one, or goes on with her draft."""
    page.goto("/patterns/")
    turn = page.locator(".pattern").get_by_role("button", name="Turn into rule")
    if turn.count():
        turn.first.click()
        page.wait_for_url(re.compile("/edit/"))
        return page.url.removeprefix(page.url.partition("/rules/")[0])
    page.goto("/rules/?state=work")
    return (page.locator(".grid-title").first.get_attribute("href") or "") + "edit/"


def propose(page: Page, rule: str, password: str) -> None:
    """Oda signs for OT by asking for approval."""
    page.goto(f"{rule}do/propose/")
    if page.get_by_label("Your password").count():
        page.get_by_label("Your password").fill(password)
    page.get_by_role("button", name="Request approval").click()
    page.wait_for_url(re.compile(f"{rule}$"))


if __name__ == "__main__":
    main(*sys.argv[1:3])
