"""Oda and Olaf bring inventory, calendar and what OT answered before; Oda proposes seven rules from
the plan; Leo signs all of them in one sitting, by keyboard, with one password. After their trial
less than half as many incidents of the site come to people. Then three attacks on devices that
rules share: one page shows what stopped, for how long, and why.
"""

import re
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.db.models import Q
from playwright.sync_api import expect

from alerts.demo.cast import PASSWORD
from alerts.incidents.models import Entity, Incident, IncidentStatus
from alerts.rules.guards.holds import AFTER_CASE
from alerts.sites.models import Site
from alerts.suppression.models import HoldEnd, RuleVersion, VersionState
from portal import clock
from portal.audit.models import Entry
from tests import cast

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
RULES = 7
WEEK = timedelta(days=7)
MAX_ERROR = 0.12  # of the promise: a week is short, and some is left open for blind review
TRUE_POSITIVE = {
    "status": "Closed",
    "classification": "TruePositive",
    "classificationReason": "SuspiciousActivity",
}
JEWEL = "SW-PL2-01"  # by the inventory that Oda brings


def test_a_month_by_the_plan(small_plant, browse, client, tmp_path):
    small_plant.bring_inventory(client, crown_jewel=JEWEL)
    small_plant.bring_calendar(client)
    small_plant.bring_verdicts(client, tmp_path)
    small_plant.mine()

    before = coming_to_people()
    promised = propose_the_first(browse("/plan/", as_=small_plant.person(cast.ODA)))
    assert "backup" in line_of("Abnormal Traffic Bandwidth", "planned_work"), "by the calendar"
    sign_all(browse("/plan/", as_=small_plant.person(cast.LEO)))
    assert {version.state for version in RuleVersion.objects.all()} == {VersionState.IN_TRIAL}
    assert Entry.objects.filter(action="suppression.rule.signed").count() == RULES

    small_plant.live(days=6)
    assert coming_to_people() == arriving(), "a trial closes nothing"
    assert "confirmed by its lead" in read(client, small_plant, f"/rules/{busiest().uuid}/")
    small_plant.live(days=2)
    assert busiest().state == VersionState.LIVE, "the week begins when it closes"
    small_plant.live(days=3)
    small_plant.live(days=4)
    assert RuleVersion.objects.filter(state=VersionState.LIVE).count() >= 5, "some come too rarely"
    assert coming_to_people() < before / 2
    share = 1 - coming_to_people() / arriving()
    assert abs(share - promised) < MAX_ERROR
    assert "Live" in read(client, small_plant, "/plan/", who=cast.ODA)
    three_attacks(small_plant, client)
    assert not Incident.objects.filter(destination=JEWEL).exclude(closed_by="").exists()


def three_attacks(plant, client):
    """Fifteen days more. What stops, for how long and why is on one page, as rows have it."""
    name = plant.strike("HIST-GD-01", "GW-MOD-03")
    plant.live(hours=1)
    first = Incident.objects.get(name=name)
    close(client, plant, first)
    plant.send()
    plant.live(days=5)

    name = plant.strike("SCADA-GD-01", "GW-MOD-04")
    plant.in_sentinel(name, **TRUE_POSITIVE)
    plant.live(days=1)
    second = Incident.objects.get(name=name)
    set_end(client, plant, second, who=cast.LEO)
    set_end(client, plant, second, who=cast.OLAF)
    plant.live(days=2)

    wrong = Incident.objects.filter(closed_by="R-3").latest("created_at")
    plant.in_sentinel(wrong.name, status="Active")
    plant.live(days=5)
    stopped = RuleVersion.objects.get(rule__number=3)
    assert (stopped.state, stopped.needs_approval) == (VersionState.PAUSED, True)

    name = plant.strike("HIST-GD-01", "GW-MOD-04")
    plant.in_sentinel(name, **TRUE_POSITIVE)
    plant.live(days=2)
    third = Incident.objects.get(name=name)

    first.refresh_from_db()
    page = read(client, plant, "/rules/held/")
    now, page = page.split("Rules that stopped")
    stops, ended = page.split("Ended in the last 30 days")
    assert f"R-3 {stopped.title} since {stopped.state_since.isoformat()}" in stops
    assert f"#{wrong.number}" in stops, "why"
    ends = {
        third: end_of(third, "Held since {since} Held until {until}", text=now),
        second: end_of(second, "GW-MOD-04, SCADA-GD-01 · {since} – {until}, as both", text=ended),
        first: end_of(first, "GW-MOD-03, HIST-GD-01 · {since} – {until}", text=ended),
    }
    agreed = HoldEnd.objects.filter(incident=second).latest("pk").until
    usual = {attack: attack.closed_at + AFTER_CASE for attack in (first, third)}
    assert ends == usual | {second: agreed}
    for attack, end in ends.items():
        stays_open(attack, until=end)
    for attack in (first, second):
        wait_for_a_person(attack, ends[attack], text=ended)


def wait_for_a_person(attack, end, *, text):
    """Each number on the page is of an incident that came meanwhile, is open, shares a device."""
    row = text.split(f"#{attack.number} {attack.title}", 1)[1].split("(MDIoT)")[0]
    numbers = re.findall(r"#(\d+)", row.split("wait for a person:", 1)[1])
    devices = Entity.objects.filter(incident=attack, device__isnull=False).values("device")
    met = Incident.objects.filter(entities__device__in=devices, created_at__lt=end)
    met = met.filter(created_at__gt=attack.closed_at).exclude(status=IncidentStatus.CLOSED)
    waiting = {str(number) for number in met.values_list("number", flat=True)}
    assert numbers and set(numbers[:5]) <= waiting, (numbers, waiting)


def end_of(attack, form, *, text):
    """Until when its devices are held, as a page has it."""
    row = f"#{attack.number} {attack.title} {form}"
    words = re.escape(row).replace(r"\{since\}", re.escape(attack.closed_at.isoformat()))
    words = words.replace(r"\{until\}", r"([^\s,]+)")
    found = re.search(words, text)
    assert found, (words, text)
    return datetime.fromisoformat(found[1])


def stays_open(attack, *, until):
    """What touched its devices while they were held. No rule has closed any of it."""
    devices = [attack.source, attack.destination]
    met = Incident.objects.filter(created_at__gt=attack.closed_at, created_at__lt=until)
    met = met.filter(Q(source__in=devices) | Q(destination__in=devices))
    assert met and not met.exclude(closed_by=""), (attack, met.exclude(closed_by=""))
    return met


def propose_the_first(page):
    """Oda reads the first seven and proposes them, which signs for OT. Answers the share that the
    page promises.
    """
    expect(page.get_by_role("heading", level=1)).to_contain_text("fewer incidents")
    promise = page.locator(".plan-headline", has_text=f"The first {RULES} alone")
    (percent,) = re.findall(rf"The first {RULES} alone: (\d+)\s%", promise.inner_text())
    page.get_by_role("link", name=f"Propose the first {RULES}").click()
    page.get_by_label("A note for the people who sign").fill("All of it is our own machines.")
    page.get_by_label("Your password again").fill(PASSWORD)
    page.get_by_role("button", name=f"Propose these {RULES} rules").click()
    expect(page.locator(".plan-table")).to_contain_text("Waiting for the SOC")
    assert RuleVersion.objects.filter(state=VersionState.PROPOSED).count() == RULES
    return int(percent) / 100


def sign_all(page):
    """Leo goes from the plan into the sitting: one password, then S for each rule. Where there are
    few verdicts, or those of one person, he looks at the alerts and says why these are enough.
    """
    page.get_by_role("link", name=f"Sign {RULES} now").click()
    for number in range(1, RULES + 1):
        expect(page.locator(".sitting-line").first).to_contain_text(f"Rule {number} of {RULES}")
        expect(page.locator(".closes")).to_contain_text("Closes an incident when every alert")
        password = page.get_by_label("Your password again")
        if number == 1:
            password.fill(PASSWORD)
            password.blur()
        else:
            expect(password).to_be_hidden()
            expect(page.locator(".proof")).to_contain_text("left")
        if (why := page.get_by_label("Why is this little evidence enough?")).is_visible():
            why.fill("Olaf showed me.")
        if (look := page.get_by_label("I looked at the alerts myself.")).is_visible():
            look.check()
        page.keyboard.press("s")
    expect(page.get_by_role("heading", name=f"You signed {RULES} rules")).to_be_visible()


def arriving():
    """How many incidents of Oda's site came in the last week."""
    return _of_the_week().count()


def coming_to_people():
    """How many of them no rule has closed."""
    return _of_the_week().filter(closed_by="").count()


def _of_the_week():
    site = Site.objects.get(name="Gdańsk")
    since = clock.now() - WEEK
    return Incident.objects.filter(site_ids__contains=[site.pk], created_at__gte=since)


def busiest():
    """The rule that adds most."""
    return RuleVersion.objects.get(rule__number=1)


def line_of(alert_type, field):
    """A line of the rule about alerts of this type, as it is stored."""
    bodies = RuleVersion.objects.values_list("body", flat=True)
    lines = [{line["field"]: str(line["values"]) for line in body["all_of"]} for body in bodies]
    (found,) = (body for body in lines if alert_type in body.get("alert_type", ""))
    return found[field]


def close(client, plant, incident):
    """Sam closes it on its page: it was an attack."""
    client.force_login(plant.person(cast.SAM))
    sent = {"incident": incident.pk, "act": str(uuid4()), "outcome": "TruePositive"}
    assert client.post("/incidents/act/close/", sent).status_code == 302
    incident.refresh_from_db()


def set_end(client, plant, incident, *, who):
    """A lead has what an attack holds end in a day, or agrees with the lead who wants that."""
    client.force_login(plant.person(who))
    agreed = HoldEnd.objects.filter(incident=incident).first()
    sent = {"days": 1, "reason": "SCADA was rebuilt.", "password": PASSWORD}
    sent |= {"agree": agreed.pk} if agreed else {}
    address = f"/rules/held/{incident.pk}/end/"
    assert client.post(address, sent).status_code == 302


def read(client, plant, address, *, who=cast.LEO):
    """The words of a page, with each moment to the second."""
    client.force_login(plant.person(who))
    answer = client.get(address)
    assert answer.status_code == 200
    page = re.sub(r'<time datetime="([^"]*)".*?</time>', r"\1", answer.content.decode())
    return " ".join(re.sub(r"<[^>]*>", " ", page).split())
