"""The card on a trial, and new members, against the bars of the design."""

from dataclasses import replace
from datetime import timedelta

import pytest

from alerts.suppression.models import NewMember, PromotionApproval, RuleVersion
from tests.alerts.suppression.samples import PROGRAMMING, clause
from tests.bars import bar_faults_everywhere
from tests.conftest import NOON
from tests.factories import rules
from tests.factories.incidents import make_alert, make_device, make_incident

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def stuck(make_version, acted, workspace, site, rule, oda):
    """A canary of 29 days over a group that grew; one owner has decided."""
    lines = tuple(line for line in rule.all_of if not line.field.startswith("source_"))
    kind = clause("source_kind", "is", "Engineering station")
    grouped = replace(rule, all_of=(*(c for c in lines if c.field != "time"), kind))
    version = make_version("canary", of=grouped, state_since=NOON - timedelta(days=29))
    tagged = [acted(version, act="tagged") for _ in range(3)]
    entries = [acted(version, act="tagged", kept_open=[["never.owner", {}]]) for _ in range(2)]
    for entry in (*tagged, *entries):
        make_alert(entry.incident, alert_type=PROGRAMMING)
    incidents = [
        make_incident(workspace, site_ids=[site.pk], title="Unauthorized PLC Programming").pk
        for _ in range(4)
    ]
    RuleVersion.objects.filter(pk=version.pk).update(credited_incident_ids=[*incidents, 10**9])
    PromotionApproval.objects.create(
        version=version,
        side="ot",
        by=oda,
        reason="Two stations, seldom on.",
        approved_at=NOON - timedelta(days=1),
    )
    for number in (8, 9):
        make_device(site, f"ENG-WS-0{number}", f"10.20.1.{number}", kind="Engineering station")
    NewMember.objects.create(
        site=site, zone="Packaging 2", handle="10.20.1.9", incident_id=incidents[0], found_at=NOON
    )
    return version


def test_a_trial_that_cannot_end_holds_the_bars_and_an_owner_promotes_it_in_a_dialog(
    browse, stuck, leo, noon
):
    page = browse(f"/rules/{stuck.uuid}/", as_=leo)
    page.locator("#credited summary").click()
    page.get_by_text(
        "3 fresh matches and 5 from the weeks before; at least 10 are needed"
    ).wait_for()
    assert bar_faults_everywhere(page) == []
    page = browse(f"/rules/{stuck.uuid}/", as_=leo)
    page.get_by_text("Promote on the record").first.click()
    page.get_by_label("Why are these matches enough?").wait_for()
    assert "Until then nothing changes." in page.locator("#act-dialog").inner_text()


def test_a_suggested_version_holds_the_bars_and_is_taken(
    browse, make_version, workspace, site, oda, leo, noon, rule
):
    weeks = rules.routine(workspace, site, until=rules.TUESDAY - timedelta(weeks=4), weeks=3)
    verdicts = tuple(str(verdict.key) for verdict in rules.judge(weeks, by=oda))
    rules.noise(workspace, site)
    version = make_version("live", of=replace(rule, owner_ot=oda.email, evidence=verdicts))
    for back, source in [
        (1, "ENG-WS-04"),
        (2, "ENG-WS-04"),
        *((n, "ENG-WS-05") for n in (1, 2, 3)),
    ]:
        incident = make_incident(workspace, site_ids=[site.pk], source=source, destination="PLC-4")
        make_alert(
            incident,
            site=site,
            source_device=source,
            at=NOON.replace(hour=5) - timedelta(weeks=back),
            source_kind="Engineering station",
            source_zone="Packaging 2",
        )
    page = browse(f"/rules/{version.uuid}/", as_=leo)
    page.locator("#suggested").get_by_text("ENG-WS-05", exact=True).wait_for()
    assert bar_faults_everywhere(page) == []
    page.locator("#suggested").get_by_role("link", name="Take as a new version").click()
    page.locator("#act-dialog").get_by_role("button", name="Take as a new version").click()
    page.get_by_text("Check it and propose it.").wait_for()
    draft = RuleVersion.objects.get(rule=version.rule, state="draft")
    assert "ENG-WS-05" in str(draft.body["all_of"])
