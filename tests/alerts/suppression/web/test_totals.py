"""Every number on a rule's page is the database's, and the numbers add up on the page itself."""

import re
from datetime import timedelta
from types import SimpleNamespace

import pytest

from alerts.incidents.models import Alert, Incident, IncidentAlert
from alerts.reviews.models import Verdict
from alerts.suppression.backtesting.time_to_close import measure_time_to_close
from alerts.suppression.models import BackTestRun, RuleVersion
from portal.accounts.models import GrantScope, Role
from tests import cast
from tests.alerts.suppression.past import close_by
from tests.conftest import NOON, add_person
from tests.factories import rules
from tests.factories.incidents import make_site, make_workspace
from tests.factories.rewriting import rewrite
from tests.reuse import reuse_rows
from tests.worker_roles import without_triggers

pytestmark = pytest.mark.django_db


@reuse_rows
def workspace(db):
    return make_workspace()


@reuse_rows
def site(db):
    return make_site()


@reuse_rows
def people(site, workspace):
    at_site, in_soc = (GrantScope.SITE, site.uuid), (GrantScope.WORKSPACE, workspace.uuid)
    return SimpleNamespace(
        oda=add_person(cast.ODA, (Role.OT_ENGINEER, *at_site)),
        olaf=add_person(cast.OLAF, (Role.OT_SITE_LEAD, *at_site)),
        leo=add_person(cast.LEO, (Role.SOC_LEAD, *in_soc)),
    )


@reuse_rows
def proposal(people, site, workspace):
    """Eleven Tuesdays, judged in every way but suspicious; on two other mornings OT was alarmed."""
    weeks = rules.routine(workspace, site, weeks=11)
    rules.noise(workspace, site)
    for week in weeks[:3]:
        rules.alert_of(week, site, at=week.created_at + timedelta(minutes=5))
    rules.alert_of(weeks[4], site, alert_type="Port Scan Detected", destination="SRV-1")
    verdicts = rules.judge(weeks[:4], by=people.oda)
    verdicts += rules.judge(weeks[3:5], by=people.olaf, verdict="maintenance")
    rules.judge(weeks[5:6], by=people.olaf, verdict="not-sure")
    late = [
        rules.incident_of(workspace, site, at=weeks[n].created_at + timedelta(hours=9))
        for n in (1, 6)
    ]
    rules.judge(late, by=people.oda, verdict="suspicious")
    close_by(people.leo, weeks, after=timedelta(minutes=12))
    close_by(
        people.leo,
        list(Incident.objects.exclude(pk__in=[w.pk for w in weeks])[:15]),
        after=timedelta(minutes=12),
    )
    measure_time_to_close(now=NOON)
    Alert.objects.filter(incidents=weeks[10]).update(protocol="CIP")
    version = rules.draft(rules.downloads(), by=people.oda, evidence=verdicts, now=NOON)
    return rules.propose(version, by=people.oda, now=NOON)


def matches():
    """The alerts that the rule is about, asked without any of its code."""
    return Alert.objects.filter(
        site__name="Gdańsk",
        alert_type=rules.DOWNLOAD,
        source_device="ENG-WS-04",
        destination_device__in=["PLC-PL2-07", "PLC-PL2-08"],
        plant_weekday=1,
        plant_minute__gte=360,
        plant_minute__lt=480,
        at__gte=NOON - timedelta(days=90),
        at__lt=NOON,
    )


def verdict_of(alert):
    verdicts = set(Verdict.objects.filter(alerts=alert).values_list("kind", flat=True))
    order = ("suspicious", "maintenance", "routine", "not-sure")
    return next((verdict for verdict in order if verdict in verdicts), "not-judged")


def count_matches():
    """By verdict: how many alerts, and how many incidents by the least known of their alerts."""
    alerts, by_incident = {}, {}
    for alert in matches():
        verdict = verdict_of(alert)
        alerts[verdict] = alerts.get(verdict, 0) + 1
        for link in IncidentAlert.objects.filter(alert=alert):
            by_incident.setdefault(link.incident_id, []).append(verdict)
    incidents = {}
    for verdicts in by_incident.values():
        order = ("suspicious", "not-judged", "not-sure", "maintenance", "routine")
        worst = next(verdict for verdict in order if verdict in verdicts)
        incidents[worst] = incidents.get(worst, 0) + 1
    return alerts, incidents


WORDS = {
    "Routine": "routine",
    "Maintenance": "maintenance",
    "Suspicious": "suspicious",
    "Not sure": "not-sure",
    "Not judged": "not-judged",
}


def rows_of(page):
    """The table of totals: label to its numbers."""
    table = page[page.index('<table class="totals">') :]
    table = table[: table.index("</table>")]
    found = {}
    for row in re.findall(r"<tr.*?</tr>", table, re.S):
        label = re.search(r'<th scope="row".*?>(.*?)</th>', row, re.S)
        if label:
            cells = re.findall(r"<td>(.*?)</td>", row)
            found[re.sub(r"<[^>]+>", "", label[1]).strip()] = [
                int(cell.removeprefix("− ")) if cell.strip("–− ").isdecimal() else None
                for cell in cells
            ]
    return found


@pytest.fixture
def page(client, noon, people, proposal):
    client.force_login(people.leo)
    return client.get(f"/rules/{proposal.uuid}/").content.decode()


def test_the_totals_are_those_of_the_database_and_add_up(page):
    alerts, incidents = count_matches()
    assert alerts == {"routine": 6, "maintenance": 2, "not-sure": 1, "not-judged": 5}
    shown = rows_of(page)
    totals = {WORDS[label]: numbers for label, numbers in shown.items() if label in WORDS}
    for verdict, (n_alerts, n_incidents, n_verdicts) in totals.items():
        assert n_alerts == alerts.get(verdict, 0), verdict
        assert n_incidents == incidents.get(verdict, 0), verdict
        count = Verdict.objects.filter(kind=verdict, alerts__in=matches()).distinct().count()
        assert n_verdicts == (None if verdict == "not-judged" else count), verdict
    assert shown["All matches"][:2] == [matches().count(), len(set(incident_ids()))]
    assert shown["All matches"][:2] == [sum(total[n] for total in totals.values()) for n in (0, 1)]


def incident_ids():
    return IncidentAlert.objects.filter(alert__in=matches()).values_list("incident", flat=True)


def test_incidents_with_another_alert_are_taken_off_before_hours_are_claimed(page):
    ids = set(incident_ids())
    ours = set(matches().values_list("pk", flat=True))
    mixed = {
        link.incident_id
        for link in IncidentAlert.objects.filter(incident__in=ids)
        if link.alert_id not in ours
    }
    shown = rows_of(page)
    (taken_off,) = [n for label, n in shown.items() if label.startswith("Contain another alert")]
    assert (len(ids), len(mixed)) == (11, 1)
    assert taken_off[0] == len(mixed)
    assert shown["Would be closed"][0] == len(ids) - len(mixed) == 10
    assert "<b>2.0 h</b>" in page
    assert "10 incidents × 12.0 min" in page


def test_what_was_suspicious_outside_the_hours_stands_beside_the_zero(page):
    outside = Verdict.objects.filter(kind="suspicious").exclude(alerts__in=matches())
    assert outside.count() == 2
    assert "judged suspicious inside its hours" in page
    assert "2 alerts judged suspicious" in page
    assert "figure is-good" not in page


def test_a_rule_without_alarm_outside_its_hours_says_only_zero(client, people, proposal, noon):
    body = proposal.backtest.body
    body["outside_hours"]["suspicious"]["alerts"] = 0
    rewrite(BackTestRun.objects.filter(pk=proposal.backtest_id), body=proposal.backtest.body)
    client.force_login(people.leo)
    page = client.get(f"/rules/{proposal.uuid}/").content.decode()
    assert "Outside its hours" not in page and "figure is-good" in page


def test_what_was_never_measured_is_not_claimed(client, noon, people, workspace, site):
    weeks = rules.routine(workspace, site)
    rules.noise(workspace, site)
    verdicts = rules.judge(weeks[:4], by=people.oda)
    version = rules.draft(rules.downloads(), by=people.oda, evidence=verdicts, now=NOON)
    rules.propose(version, by=people.oda, now=NOON)
    client.force_login(people.leo)
    page = client.get(f"/rules/{version.uuid}/").content.decode()
    assert "Hours saved are not known yet: of 20 closings by people" in page
    assert "of work saved" not in page


def test_what_is_out_of_reach_is_counted_in_its_list(client, noon, people, make_person, proposal):
    """Somebody of another plant that the rule reaches sees how many things are kept from them."""
    porto = make_site("Porto")
    RuleVersion.objects.filter(pk=proposal.pk).update(site_ids=[*proposal.site_ids, porto.pk])
    pia = make_person(cast.PIA, (Role.OT_ENGINEER, GrantScope.SITE, porto.uuid))
    body = proposal.backtest.body
    client.force_login(pia)
    page = client.get(f"/rules/{proposal.uuid}/").content.decode()
    n = len(body["check_these"])
    assert f"Check these {n} before you sign" in page
    assert f"{n} of these {n} are outside your sites and workspaces." in page


def test_each_thing_to_check_says_why_and_leads_to_its_incident(page, proposal):
    checks = page[page.index('id="checks"') :]
    for look in proposal.backtest.body["check_these"]:
        (incident,) = look["incidents"]
        assert f'href="/incidents/{incident}/?tab=alerts"' in checks
        assert f"#{Incident.objects.get(pk=incident).number}</a>" in checks
        assert look["why"] and look["why"] in checks
    late = proposal.backtest.body["nearest"][0]
    misses = page[page.index('id="misses"') :]
    assert "judged suspicious" in misses
    assert f'href="/incidents/{late["incidents"][0]}/?tab=timeline">Oda Nowak</a>' in misses


def test_the_true_positive_near_a_match_is_linked_where_it_may_be_seen(
    client, noon, people, proposal
):
    case = Incident.objects.exclude(pk__in=list(incident_ids())).first()
    body = proposal.backtest.body
    body["check_these"][0] |= {
        "case": case.pk,
        "reason": ["look.near_case", {"name": "ENG-WS-04", "days": "3"}],
    }
    rewrite(BackTestRun.objects.filter(pk=proposal.backtest_id), body=proposal.backtest.body)
    client.force_login(people.leo)
    page = " ".join(client.get(f"/rules/{proposal.uuid}/").content.decode().split())
    link = f'<a href="/incidents/{case.pk}/">See #{case.number}</a>'
    assert f"ENG-WS-04 was in a true positive 3 days before or after. {link}" in page
    other = make_workspace("elsewhere")
    with without_triggers():
        Incident.objects.filter(pk=case.pk).update(workspace=other, site_ids=[])
    assert link not in client.get(f"/rules/{proposal.uuid}/").content.decode()


def test_what_to_check_stands_before_the_signature(page):
    marks = ("backtest", "misses", "checks", "signatures", "sign-note")
    places = [page.index(f'id="{mark}"') for mark in marks]
    assert places == sorted(places)
