"""`python -m tests.figures.story [ADDRESS]` walks README's story of halved noise on a fresh demo.

Oda proposes the first seven rules of the plan, Leo signs them in one sitting, and fifteen days
pass. The page of their effect is printed; `make figures` then compares it with the database. Exit
status 1 where less than half of Gdańsk's incidents stay away from people, or time took too long.
"""

import argparse
import re
import subprocess
import sys
import time

from playwright.sync_api import Browser, Page, expect, sync_playwright

from alerts.demo.cast import PASSWORD
from tests.architecture.tree import HOME
from tests.browser import ARGS, chromium_path
from tests.figures.pages import Reader

RULES, DAYS = 7, "15d"
PROMISE, MAX_SECONDS = 50, 240
HEADLINE = r"Of 100 incidents(?: at Gdańsk)?, (\d+) no longer reach a person"
SUMS = r"In the last 7 days [^.]*\."


def main() -> int:
    """Walk it and print what each step came to."""
    parser = argparse.ArgumentParser(prog="make story", description=__doc__)
    parser.add_argument("address", nargs="?", default="http://localhost:8000", help="of the demo")
    address = parser.parse_args().address.rstrip("/")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=ARGS)
        propose(sign_in(browser, address, "oda"))
        sign(sign_in(browser, address, "leo"))
        browser.close()
    print(f"Oda proposed and Leo signed {RULES} rules.")
    began = time.monotonic()
    subprocess.run(
        [sys.executable, "manage.py", "simulator", "advance", DAYS], cwd=HOME, check=True
    )
    seconds = time.monotonic() - began
    page = Reader(address, "olaf", PASSWORD).text("/effect/")
    shown = re.search(HEADLINE, page)
    share = int(shown[1]) if shown else 0
    print(shown[0] if shown else "The page of the effect shows none.", *re.findall(SUMS, page)[:1])
    print(f"{DAYS} took {seconds:.0f} s, of {MAX_SECONDS}.")
    return 0 if share > PROMISE and seconds < MAX_SECONDS else 1


def sign_in(browser: Browser, address: str, who: str) -> Page:
    """Return a window of one person, on the plan."""
    page = browser.new_context(base_url=address, viewport={"width": 1440, "height": 900}).new_page()
    page.set_default_timeout(60_000)
    page.goto("/login/?next=/plan/")
    page.locator("input[name=username]").fill(f"{who}@demo.example")
    page.locator("input[type=password]").fill(PASSWORD)
    page.locator("main button[type=submit]").first.click()
    page.wait_for_url("**/plan/")
    return page


def propose(page: Page) -> None:
    """Propose the first rules of the plan."""
    page.get_by_role("link", name=f"Propose the first {RULES}").first.click()
    page.get_by_label("A note for the people who sign").fill("All of it is our own machines.")
    prove(page)
    page.get_by_role("button", name=f"Propose these {RULES} rules").click()
    page.get_by_text("Waiting for the SOC").first.wait_for()


def sign(page: Page) -> None:
    """Sign what waits in one sitting, by keyboard."""
    page.get_by_role("link", name=f"Sign {RULES} now").first.click()
    for number in range(1, RULES + 1):
        expect(page.locator(".sitting-line").first).to_contain_text(
            f"Rule {number} of {RULES}", timeout=60_000
        )
        prove(page)
        if (why := page.get_by_label("Why is this little evidence enough?")).is_visible():
            why.fill("Olaf showed me.")
        if (look := page.get_by_label("I looked at the alerts myself.")).is_visible():
            look.check()
        page.keyboard.press("s")
    expect(page.get_by_role("heading", name=f"You signed {RULES} rules")).to_be_visible(
        timeout=60_000
    )


def prove(page: Page) -> None:
    """Give the password again, where it is asked for."""
    again = page.get_by_label("Your password again")
    if again.is_visible():
        again.fill(PASSWORD)
        again.blur()


if __name__ == "__main__":
    sys.exit(main())
