"""Points 4 to 7 of the main job, step by step: what OT called routine becomes a rule that two
people sign, that tries itself out, closes what it says and nothing else, and stops by itself.
"""

from datetime import timedelta

from playwright.sync_api import expect

from alerts.suppression.models import RuleVersion
from tests import cast
from tests.journeys.mail import link_in
from tests.journeys.past import DOWNLOAD, on_tuesday
from tests.journeys.signers import (
    line_about,
    nothing_is_missing,
    open_request,
    request_on_the_phone,
    sign,
    turn_into_rule,
)

TITLE = "ENG-WS-04 programs PLC-PL2-07 and PLC-PL2-08"
TAG = "tagout:would-close:R-1"
FIELDS = ("destination_device", "function", "time")
WORDS = ("PLC-PL2-07, PLC-PL2-08", "Program Download", "Tue 05:00–", "ENG-WS-04")
UNLIKE = {  # what is like the pattern but for one thing
    "another source": {"source": "ENG-WS-02"},
    "another function": {"function": "Program Upload"},
    "an uncovered alert beside it": {"also": ["Controller Stop"]},
}


def write_the_rule(routine, browse, oda, *, fields=FIELDS):
    """Oda sees the process at both PLCs, makes it a rule, and signs for OT by proposing it."""
    desk = browse("/incidents/", as_=oda)
    turn_into_rule(desk, "PLC-PL2-07", "ENG-WS-04", "Tue 05", "16 incidents on 12 days")
    for field in fields:
        expect(line_about(desk, field).locator(".left")).to_have_text("16")
    test = desk.locator("#testing-place")
    expect(test).to_contain_text("would match, in 16 incidents")
    expect(test.locator(".figure.is-good")).to_contain_text("0 judged suspicious")
    expect(test).to_contain_text("16 of 16 harmless, so at least")
    expect(test).not_to_contain_text("stops the rule")
    nothing_is_missing(desk)

    phone = browse(desk.url, as_=oda, width=390)
    request_on_the_phone(phone, "Both PLCs of line 2, each Tuesday morning.")
    expect(phone.locator("#signatures")).to_contain_text("Oda Nowak")
    version = RuleVersion.objects.get()
    assert (version.state, version.proposer_side) == ("proposed", "ot")


def read_and_sign(routine, browse, leo, *, words=WORDS):
    """Leo is asked by mail, reads what he signs, and signs for the SOC."""
    routine.post()
    (mail,) = routine.mailbox.to(leo)
    assert mail["Subject"].startswith("To sign: R-1")
    desk = browse("/approvals/", as_=leo)
    open_request(desk, TITLE)
    assert desk.url == link_in(mail)
    for word in words:
        expect(desk.locator(".rule-lines").first).to_contain_text(word)
    expect(desk.locator("#backtest")).to_contain_text("would match, in 16 incidents")
    evidence = desk.locator(".card", has=desk.get_by_role("heading", name="Evidence"))
    expect(evidence).to_contain_text("Oda Nowak")
    expect(evidence).to_contain_text("Olaf Lindqvist")
    sign(desk, "Two judges, three months, none suspicious.")
    expect(desk.locator(".page-head")).to_contain_text("In trial")


def try_it_out(routine, browse, oda):
    """It only tags, until a week and two of its rounds have gone by; then it lives by itself."""
    routine.pass_time(timedelta(minutes=5))
    name = routine.comes(DOWNLOAD, destination="PLC-PL2-08")
    routine.work()
    properties = routine.properties(name)
    assert (properties["status"], properties["labels"]) == ("New", [TAG])
    phone = browse("/ledger/", as_=oda, width=390)
    row = phone.locator(".ledger tbody tr")
    expect(row).to_contain_text("Would close")
    expect(row).to_contain_text("R-1")
    routine.pass_time(timedelta(days=7))
    routine.work()
    assert RuleVersion.objects.get().state == "canary", "a week is over, but not two Tuesdays"
    routine.pass_time(timedelta(days=7))
    routine.mailbox.clear()
    routine.work()
    assert RuleVersion.objects.get().state == "live"
    for person in (cast.ODA, cast.LEO):
        assert routine.subjects(person) == [f"Live: R-1 v1 {TITLE}"]


def close_two_and_leave_the_rest(routine, *, unlike=UNLIKE):
    """The pattern's next alerts close. What is only like them does not."""
    routine.pass_time(on_tuesday(routine.now) - routine.now)
    incident = routine.comes(DOWNLOAD, destination="PLC-PL2-07")
    routine.comes(DOWNLOAD, destination="PLC-PL2-08")
    others = {what: routine.comes(DOWNLOAD, **options) for what, options in unlike.items()}
    routine.work()
    properties = routine.properties(incident)
    assert (
        properties["status"],
        properties["classification"],
        properties["classificationReason"],
    ) == (
        "Closed",
        "BenignPositive",
        "SuspiciousButExpected",
    )
    version = RuleVersion.objects.get()
    for part in (
        "R-1, version 1",
        version.rule_hash,
        "Proposed by Oda Nowak",
        "approved by Leo Hartmann",
        version.definition.reason,
        f"{version.expires_at:%Y-%m-%d}",
        f"/rules/{version.uuid}/",
    ):
        assert part in properties["classificationComment"]
    routine.pass_time(on_tuesday(routine.now, 9, 5) - routine.now)
    others["another hour"] = routine.comes(DOWNLOAD, destination="PLC-PL2-07")
    routine.work()
    for what, name in others.items():
        properties = routine.properties(name)
        assert (properties["status"], properties["labels"]) == ("New", []), what
    return incident


def look_at_the_record(routine, browse):
    """Sam finds the closes in the ledger and why on the incident."""
    sam = routine.person(cast.SAM)
    desk = browse("/ledger/?show=closed", as_=sam)
    rows = desk.locator(".ledger tbody tr")
    expect(rows).to_have_count(2)
    row = rows.first
    for words in ("R-1", "Closed", "Oda Nowak, Leo Hartmann", "Planned programming", "Stands"):
        expect(row).to_contain_text(words)
    row.get_by_role("link").first.click()
    why = desk.locator("#rules-panel")
    expect(why).to_contain_text("Why was this closed")
    for words in (TITLE, "version 1", "Signed by Oda Nowak for OT and Leo Hartmann for the SOC."):
        expect(why).to_contain_text(words)
    expect(desk.locator(".page-head")).to_contain_text("Closed · Benign positive")


def reopen_and_stop(routine, browse, leo, closed):
    """Somebody in Sentinel is not so sure: the rule stops, both sides hear of it."""
    routine.control.edit(closed, by="marta", properties={"status": "Active"})
    routine.mailbox.clear()
    routine.work()
    for person in (cast.ODA, cast.LEO):
        assert routine.subjects(person) == [f"Paused: R-1 v1 {TITLE}"]
    desk = browse(f"/rules/{RuleVersion.objects.get().uuid}/", as_=leo)
    expect(desk.locator(".page-head")).to_contain_text("Paused")
    expect(desk.locator(".page-head")).to_contain_text("Needs a new approval")
    desk.goto("/ledger/?show=again")
    rows = desk.locator(".ledger tbody tr")
    expect(rows).to_have_count(2)
    expect(rows.filter(has_text="Reopened")).to_have_count(1)
