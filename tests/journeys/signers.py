"""What OT and the SOC do on the pages of patterns, rules and approvals."""

from playwright.sync_api import expect

from alerts.demo.cast import PASSWORD
from tests import cast
from tests.journeys.people import tap_button


def turn_into_rule(page, *words):
    """From the list of routine patterns into the editor."""
    page.get_by_role("link", name="Routine patterns").first.click()
    card = page.locator("li.pattern", has_text=words[0])
    for word in words:
        expect(card).to_contain_text(word)
    card.get_by_role("button", name="Turn into rule").click()
    expect(page.locator("#backtest .figures")).to_be_visible()


def line_about(page, field):
    """A line of the rule in the editor."""
    chosen = page.locator(f"option[selected][value={field}]")
    return page.locator("fieldset.edit-line", has=chosen)


def add_value(page, field, value):
    """One more value in a line, by keys."""
    line_about(page, field).get_by_label("Add a value").fill(value)
    page.keyboard.press("Enter")
    expect(line_about(page, field).locator(".pick-box", has_text=value)).to_be_visible()


def add_line(page, field, value):
    """One more line that must hold."""
    page.locator("[name=all-new]").select_option(field)
    page.get_by_role("button", name="Condition").click()
    add_value(page, field, value)


def nothing_is_missing(page):
    """Who wrote it owns it for OT, the one lead of the SOC for the SOC."""
    expect(page.get_by_label("Owner, OT")).to_have_value(cast.ODA.email)
    expect(page.get_by_label("Owner, SOC")).to_have_value(cast.LEO.email)
    expect(page.locator(".checks .yes")).to_be_visible()


def request_on_the_phone(page, note):
    """Propose the draft; who may sign signs by it, and so is asked for the password."""
    page.get_by_role("link", name="Request approval").tap()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("counts as your own side's signature")
    dialog.get_by_role("textbox").first.fill(note)
    dialog.get_by_label("Your password").fill(PASSWORD)
    tap_button(dialog, "Request approval")
    expect(page.locator("#signatures")).to_contain_text("Still to sign for the SOC:")


def request_at_the_desk(page, note):
    page.get_by_role("link", name="Request approval").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox").first.fill(note)
    dialog.get_by_label("Your password").fill(PASSWORD)
    dialog.get_by_role("button", name="Request approval").click()
    expect(page.locator("#signatures")).to_contain_text("Still to sign for the SOC:")


def open_request(page, title):
    """From Approvals to the page of what waits."""
    expect(page.get_by_role("heading", name="Waiting for you")).to_be_visible()
    page.get_by_role("link", name=title).click()
    expect(page.locator("#signatures")).to_contain_text("You sign for the SOC")


def sign(page, note):
    """Give the SOC's signature."""
    page.get_by_label("I looked at the alerts myself.").check()
    page.locator("#sign-note").fill(note)
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Sign").click()
    expect(page.locator(".toast")).to_contain_text("its trial begins")
