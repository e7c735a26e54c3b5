"""What people do on the pages, as they would: keys at a desk, thumbs on a phone."""

from contextlib import contextmanager

from playwright.sync_api import expect

COUNT_TAPS = """addEventListener("pointerdown", () => {
  sessionStorage.taps = Number(sessionStorage.taps ?? 0) + 1;
}, true)"""


@contextmanager
def count_taps(page):
    """Also over the next pages of this tab; `taps_of` tells how many there were."""
    with page.add_init_script(COUNT_TAPS):
        page.evaluate(COUNT_TAPS)
        yield


def taps_of(page):
    return int(page.evaluate("sessionStorage.taps"))


def tap(page, words):
    """The label with these words, such as a verdict or a reason."""
    page.locator("label", has_text=words).filter(visible=True).first.tap()


def tap_button(page, words):
    page.get_by_role("button", name=words).tap()


def ask_at_the_desk(page, title):
    """In the queue, on the row under the cursor, by keys."""
    expect(page.locator("#queue-rows tr.is-current")).to_contain_text(title)
    page.keyboard.press("r")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Was this planned work?").check()
    dialog.get_by_role("button", name="Ask OT").press("Enter")
    expect(page.locator(".toast")).to_contain_text("was asked")
    expect(page.locator("#queue-rows")).to_have_count(0)  # it waits in another view


def ask_on_the_phone(page, title):
    """From the card of the queue into the incident, and there."""
    page.locator("#queue-rows").get_by_role("link", name=title).tap()
    panel = page.locator("#ot-panel")
    panel.locator("label", has_text="Was this planned work?").tap()
    panel.get_by_role("button", name="Ask OT").tap()
    expect(panel).to_contain_text("Nobody from OT has opened it yet.")


def answer_maintenance(page, work_order=""):
    """On the phone page that the link in the mail leads to."""
    tap(page, "Maintenance")
    tap(page, "Planned programming")
    if work_order:
        page.locator("summary", has_text="Add detail").tap()
        page.get_by_label("Work order").fill(work_order)
    tap_button(page, "Save answer")
    expect(page.locator(".toast")).to_contain_text("Saved: Maintenance.")


def close_by_keys(page):
    """The verdict has filled the form: open it and agree."""
    page.keyboard.press("e")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Benign positive")).to_be_checked()
    expect(dialog).to_contain_text("OT (Oda Nowak): Maintenance")
    page.keyboard.press("Enter")
    expect(page.locator(".toast").last).to_contain_text("Closed: #")


def close_by_thumb(page):
    page.get_by_role("link", name="Close…").tap()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Benign positive")).to_be_checked()
    dialog.locator("#act-form").get_by_role("button", name="Close").tap()
    expect(page.locator(".toast").last).to_contain_text("Closed: #")


def close_on_the_page(page):
    """OT was not asked: Sam decides alone."""
    page.keyboard.press("e")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Benign positive").check()
    page.keyboard.press("Enter")
    expect(page.locator(".toast")).to_contain_text("Closed: #")


def twenty_seconds_later(page):
    """An open page asks by itself what has changed."""
    page.evaluate("""() => {
      for (const part of document.querySelectorAll("[data-live]:not(#rail-foot)")) {
        part.dispatchEvent(new CustomEvent("live"));
      }
    }""")
