"""Why was this closed, and why was it not: in words, with the first line that failed."""

import uuid
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest

from alerts.incidents.models import Incident
from alerts.reviews.models import SecondOpinion
from alerts.reviews.services.verdicts import give_verdict
from alerts.sentinel.models import Freshness
from alerts.sites.models import Site
from alerts.suppression.enforcing.explain import why_of
from alerts.suppression.models import Stop
from portal.accounts.models import GrantScope, Role
from tests import cast
from tests.alerts.suppression.enforcing.floor import MORNING, ROUTINE, routine
from tests.alerts.suppression.samples import but, clause
from tests.conftest import NOON
from tests.factories.rule_rows import make_entry
from tests.program import Program

SUSPICION = "OT called something suspicious on"
LATE = {"startTimeUtc": "2026-11-24T11:10:00Z"}


def test_what_was_closed_names_rule_version_signers_reason_and_text(floor):
    floor.rule(number=12)
    incident = floor.incident()
    floor.decide()
    floor.deliver()
    incident.refresh_from_db()
    why = why_of(incident, now=NOON)
    (line,) = why.acted
    assert (line.rule.label, line.version.number, line.signed_ot, line.reason) == (
        "R-12",
        1,
        "Oda Nowak",
        "The station polls.",
    )
    assert line.version.expires_at > NOON and "Rule hash" in line.text
    assert (why.near, why.reasons) == ((), ())


def test_what_was_not_closed_names_the_first_line_that_failed(floor):
    floor.rule(but(ROUTINE, MORNING), number=12)
    incident = floor.incident(routine(**LATE))
    floor.decide()
    (near,) = why_of(incident, now=NOON).near
    assert (near.rule, near.failed_lines) == ("R-12", 1)
    assert near.why == "Not closed: it came at 12:10, but the rule's hours end at 08:00."


def test_the_rules_that_came_closest_come_first(floor):
    floor.rule(but(ROUTINE, clause("port", "is", 1), clause("protocol", "is", "X")), number=12)
    floor.rule(but(ROUTINE, clause("port", "is", 1)), number=13)
    floor.rule(replace(ROUTINE, all_of=(clause("alert_type", "is", "Other"),)), number=14)
    floor.rule(but(ROUTINE, clause("port", "is", 2)), state="canary", number=15)
    incident = floor.incident()
    near = why_of(incident, now=NOON).near
    assert [one.rule for one in near] == ["R-13", "R-15", "R-12"]


def test_what_is_covered_but_kept_open_says_what_keeps_it(floor):
    floor.rule()
    incident = floor.incident(owner={"objectId": "1e0", "assignedTo": "Leo Hartmann"})
    why = why_of(incident, now=NOON)
    assert why.reasons == ("Somebody has taken the incident.",)
    assert why.near == ()


def test_what_came_before_the_rule_says_so(floor):
    floor.rule(since=NOON - timedelta(minutes=1))
    incident = floor.incident()
    (near,) = why_of(incident, now=NOON).near
    assert "it came at 2026-11-24T11:50:00Z, before the rule began" in near.why


def test_a_rule_on_trial_is_named_and_so_is_the_switch(floor):
    floor.rule(state="canary", number=12)
    incident = floor.incident()
    Stop.objects.create(stopped_at=NOON, stopped_by_label="Leo")
    why = why_of(Incident.objects.get(pk=incident.pk), now=NOON)
    assert (why.trials, why.is_off, why.reasons) == (("R-12",), True, ())


def test_without_rules_there_is_nothing_to_say(floor):
    why = why_of(floor.incident(), now=NOON)
    assert (why.acted, why.near, why.reasons) == ((), (), ())


def test_what_was_never_read_to_the_end_is_old_and_says_so(floor):
    floor.rule()
    incident = floor.incident()
    Freshness.objects.all().delete()
    (reason,) = why_of(incident, now=NOON).reasons
    assert reason.code == "never.stale"


@pytest.fixture
def suspected(floor, make_person):
    """Oda called one of two incidents of a rule suspicious, and Kasia is asked about it."""
    version = floor.rule(number=12)
    suspect, other = floor.incident(), floor.incident(routine(2))
    floor.details()
    site = Site.objects.get()
    verdict = give_verdict(
        by=floor.oda,
        key=uuid.uuid4(),
        verdict="suspicious",
        cause="other",
        note="Odd.",
        now=NOON,
        incident_ids=[suspect.pk],
    )
    kasia = make_person(
        cast.Person("kasia@demo.example", "Kasia Nowicka"),
        (Role.OT_ENGINEER, GrantScope.ALL, None),
    )
    asked = SecondOpinion.objects.create(verdict=verdict, site=site, opened_at=NOON)
    asked.opinions.create(person=kasia, asked_at=NOON, due_at=NOON, act=uuid.uuid4())
    return SimpleNamespace(version=version, other=other, oda=floor.oda, kasia=kasia)


def test_who_is_asked_blind_does_not_learn_that_a_suspicion_keeps_it_open(suspected, client):
    pages = {}
    for person in (suspected.oda, suspected.kasia):
        client.force_login(person)
        pages[person] = client.get(f"/incidents/{suspected.other.pk}/why-open/").content.decode()
    assert SUSPICION in pages[suspected.oda]
    page = pages[suspected.kasia]
    text = page[page.index('id="rules-panel"') :]
    assert "R-12 covers it, but it stays open:" in text
    assert "Whether a suspicion keeps it open is hidden until you have answered." in text
    assert "uspicio" not in text.replace("Whether a suspicion", "")


def test_neither_does_the_ledger_tell_them(suspected, client):
    reason = ["never.suspicion", {"names": "PLC-21"}]
    version, other = suspected.version, suspected.other
    site = Site.objects.get()
    make_entry(version, workspace=other.workspace, site=site, act="tagged", kept_open=[reason])
    for person, is_told in ((suspected.oda, True), (suspected.kasia, False)):
        client.force_login(person)
        assert (SUSPICION in client.get("/ledger/").content.decode()) == is_told
        rows = Program(person).get("ledger/").json()["results"]
        assert [bool(line["kept_open"]) for line in rows] == [is_told]
