"""How a rule is written for Sentinel, tried, acts there by itself for a day, and is stopped."""

from datetime import timedelta

from playwright.sync_api import expect

from alerts.outbox.models import WantedRule
from alerts.reviews.queries.questions import verdicts_in_force
from alerts.rules.rule import Clause, RuleDefinition, as_json
from alerts.suppression.drafting.drafts import draft_rule
from alerts.suppression.models import RuleVersion
from alerts.suppression.signing.people import usual_owners
from portal import clock
from tests.journeys.past import POLLING, WORKSPACE
from tests.journeys.signers import (
    nothing_is_missing,
    open_request,
    request_at_the_desk,
    sign,
)

TITLE = "HIST-GD-01 polls GW-MOD-03"
TAG = "tagout:would-close:R-1"
A_DAY_AND_MORE = timedelta(hours=25)


def polled(routine):
    """The historian polls once more; what Sentinel made of it by itself."""
    return routine.properties(routine.comes(POLLING, destination="GW-MOD-03"))


def draft_about_polling(oda):
    """What Oda wrote by hand: only what Sentinel may know, and from where to where."""
    judged = verdicts_in_force().filter(alerts__source_device="HIST-GD-01").distinct()
    lines = {
        "workspace": WORKSPACE,
        "site": "Gdańsk",
        "alert_type": "Unpermitted Usage of Modbus Function Code",
        "source_device": "HIST-GD-01",
        "destination_device": "GW-MOD-03",
    }
    now = clock.now()
    rule = RuleDefinition(
        title=TITLE,
        all_of=tuple(Clause(name, "is", (value,)) for name, value in lines.items()),
        reason="The historian reads its tags",
        evidence=tuple(str(verdict.uuid) for verdict in judged),
        expires_at=now + timedelta(days=90),
    )
    return draft_rule(by=oda, now=now, body=as_json(rule) | usual_owners(rule, by=oda))


def write_and_sign(routine, browse, oda, leo):
    """A rule without hours keeps its direction, which Sentinel does not know: OT gives it up."""
    desk = browse(f"/rules/{draft_about_polling(oda).uuid}/edit/", as_=oda)
    expect(desk.locator("#backtest .figures")).to_be_visible()
    routine.work()  # the workspace is asked what it takes
    routine.work()
    desk.reload()
    expect(desk.get_by_label("Sentinel itself")).to_have_count(0)
    expect(desk.locator("#rule-form")).to_contain_text("Sentinel does not know which side started")
    desk.get_by_role("button", name="Rewrite it for Sentinel").click()
    expect(desk.get_by_label("Sentinel itself")).to_be_checked()
    expect(desk.locator("#rule-form")).to_contain_text("Sentinel can express it exactly")
    expect(desk.locator("#testing-place")).to_contain_text("would match, in 8 incidents")
    nothing_is_missing(desk)
    request_at_the_desk(desk, "It polls around the clock.")
    page = browse("/approvals/", as_=leo)
    open_request(page, TITLE)
    sign(page, "Read function only, both judges agree.")
    routine.work()
    page.reload()
    expect(page.locator("#rule")).to_contain_text("In Sentinel")
    assert WantedRule.objects.get(kind="rule").is_as_wanted


def try_it_out(routine):
    """Sentinel's own rule tags ten of them in a week."""
    routine.pass_time(timedelta(minutes=5))
    for _ in range(10):
        properties = polled(routine)
        assert (properties["status"], properties["labels"]) == ("New", [TAG])
    routine.work()
    routine.pass_time(timedelta(days=7, minutes=1))
    routine.work()

    assert RuleVersion.objects.get().state == "live"
    assert WantedRule.objects.get(kind="rule").is_as_wanted


def act_alone_for_a_day(routine):
    """From here nothing of Tagout runs, until it comes back and reads."""
    version = RuleVersion.objects.get()
    properties = polled(routine)
    assert (properties["status"], properties["classification"]) == ("Closed", "BenignPositive")
    for part in ("R-1, version 1", version.rule_hash, "Oda Nowak", "Leo Hartmann"):
        assert part in properties["classificationComment"]
    routine.passes_without_us(A_DAY_AND_MORE)
    assert polled(routine)["status"] == "New", "nobody has watched it for a day"
    routine.comes_back(A_DAY_AND_MORE)
    routine.work()
    assert polled(routine)["status"] == "Closed"


def stop_it_all(routine, browse, leo):
    """One click, one write in Sentinel. Even where our rules cannot be taken away, none acts."""
    gate = WantedRule.objects.get(kind="gate")
    before = routine.puts(gate.name)
    routine.control.fault(path="/automationRules/", method="DELETE", status=503)
    page = browse("/rules/off/", as_=leo)
    page.get_by_label("Why").fill("Something is odd on line 2.")
    page.get_by_role("button", name="Off everywhere").click()
    expect(page.locator("#switch")).to_contain_text("Switched off by Leo Hartmann")
    routine.send()
    assert routine.puts(gate.name) - before == 1
    properties = polled(routine)
    assert properties["status"] == "New" and "tagout-off" in properties["labels"]
    routine.control.clear_faults()
    routine.work()
    page.reload()
    expect(page.locator("#switch")).to_contain_text("Off")
    page.get_by_label("Why is it safe to switch on again?").fill("It was a drill.")
    page.get_by_role("button", name="Switch on again").click()
    expect(page.locator("#switch")).to_contain_text("Suppression is on.")
    routine.work()
    assert polled(routine)["status"] == "Closed"
