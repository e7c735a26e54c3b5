"""Take the pictures of the noise plan, a lead's sitting, planned work, a second opinion and
training from a demo.

python docs/pictures/plan.py http://localhost:8000 PASSWORD

Give it a fresh demo whose plan is there, in which make.py has been: Oda proposes the first rules of
the plan here, so that Leo has something to sign, and enters work; that she called an alert
suspicious there is what Olaf is asked about. Needs what make.py needs.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from make import MAX_BYTES, ODA, SAM, Portal, chromium, pictures
from playwright.sync_api import Page, sync_playwright

LEO, OLAF, TOM = "leo@demo.example", "olaf@demo.example", "tom@demo.example"
LESSON = "/training/plant-floor-protocols/low-alert-stopped-line/"
LAB = "/training/safety-first/phone-before-you-think/#q-judge-test"
EDITOR = "/authoring/"


def main(address: str, password: str) -> None:
    """Take all pictures."""
    with sync_playwright() as playwright:
        portal = Portal(chromium(playwright), address, password)
        for written in take_pictures(portal, password):
            print(written.name, written.stat().st_size)
            if written.stat().st_size > MAX_BYTES:
                sys.exit(f"{written.name} is too large.")
        portal.browser.close()


def take_pictures(portal: Portal, password: str) -> Iterator[Path]:
    """The plan, what is proposed of it, and the pages of training."""
    yield from pictures(portal, "plan", LEO, "/plan/")
    propose(portal.open(ODA), password)
    yield from pictures(portal, "sitting", LEO, "/approvals/sitting/")
    yield from pictures(portal, "planned-work-form", ODA, "/planned-work/new/")
    plan_work(portal.open(ODA))
    yield from pictures(portal, "planned-work", ODA, "/planned-work/")
    yield from pictures(portal, "second-opinion", OLAF, second_of(portal.open(OLAF)))
    judge_lab(portal.open(SAM))
    yield from pictures(portal, "lab", SAM, LAB)
    yield from pictures(portal, "lesson-editor", TOM, EDITOR)
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


def plan_work(page: Page) -> None:
    """Oda enters the work of this week: the night's backup, a patch night, a recipe."""
    today = page.evaluate("new Date().toISOString().slice(0, 10)")
    monday = page.evaluate(
        "(() => { const day = new Date(); day.setUTCDate(day.getUTCDate() - (day.getUTCDay() + 6)"
        " % 7); return day.toISOString().slice(0, 10) })()"
    )
    enter(page, "Backup", f"{monday}T03:00", f"{monday}T05:00", repeats="every day", order="")
    enter(page, "Patch night", f"{monday}T21:00", f"{monday}T23:30", repeats="every week")
    enter(page, "New recipe on line 2", f"{today}T06:00", f"{today}T18:00")


def enter(
    page: Page, title: str, start: str, end: str, *, repeats: str = "once", order: str = "WO-21004"
) -> None:
    """One piece of work of a whole zone, through the form."""
    page.goto("/planned-work/new/")
    page.get_by_label("What is done").fill(title)
    page.get_by_label("Starts").fill(start)
    page.get_by_label("Ends").fill(end)
    page.get_by_label("Repeats").select_option(label=repeats)
    page.get_by_label("Or a whole zone").select_option(index=1)
    page.get_by_label("Work order").fill(order)
    page.get_by_role("button", name="Save").click()
    page.wait_for_url(re.compile("/planned-work/(?!new)"))


def second_of(page: Page) -> str:
    """The page on which Olaf is asked for a second opinion."""
    page.goto("/reviews/")
    cards = page.locator(".review-card", has_text="Tagout asks: What was this?")
    cards.first.locator(".card-link").click()
    page.wait_for_url("**/second/")
    return page.url.removeprefix(page.url.partition("/reviews/")[0])


def judge_lab(page: Page) -> None:
    """Sam judges the alert of a lab, once."""
    page.goto(LAB)
    form = page.locator("#q-judge-test")
    for words in ("Maintenance", "Proof test", "80 %", "Wait for the way back"):
        form.locator("label", has_text=words).first.click()
    form.get_by_role("button", name="Check my answer").click()
    form.get_by_text("What OT said").wait_for()


if __name__ == "__main__":
    main(*sys.argv[1:3])
