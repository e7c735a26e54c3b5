"""The trial of an amendment: of a strict rule as of any other nothing that nobody saw counts, and a
newcomer that no person would meet first has it tried as a whole.
"""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from alerts.incidents.models import Incident, IncidentStatus
from alerts.rules.fields import FieldValues
from alerts.suppression.models import RuleVersion, VersionState
from alerts.suppression.watching.additions import adds_to
from alerts.suppression.watching.trial_before import _carry_over_of_amendment
from alerts.suppression.watching.trials import trial_progress_of
from tests.conftest import NOON
from tests.factories import rules


def with_source(rule, name):
    """A version before, about another source."""
    lines = [
        rules.clause(line.field, "is", name) if line.field == "source_device" else line
        for line in rule.all_of
    ]
    return SimpleNamespace(definition=replace(rule, all_of=tuple(lines)))


@pytest.mark.django_db
def test_of_a_strict_rule_only_what_people_saw_ends_the_trial(proposal, workspace, site, people):
    version = rules.sign(proposal, by=people.leo, now=NOON)
    amended = rules.draft(
        with_source(version.definition, "ENG-OLD").definition, by=people.oda, evidence=(), now=NOON
    )
    RuleVersion.objects.filter(pk=version.pk).update(
        amends=amended, matches_wanted=2, credited_incident_ids=[]
    )
    version.refresh_from_db()
    entries = rules.tag(version, workspace, site, 2, at=rules.TUESDAY)
    assert trial_progress_of(version).trial.matches == 0
    seen = {
        "status": IncidentStatus.CLOSED,
        "classification": "BenignPositive",
        "classification_reason": "SuspiciousButExpected",
        "owner_name": "Sam",
    }
    Incident.objects.filter(pk__in=[entry.incident_id for entry in entries]).update(**seen)
    assert trial_progress_of(version).trial.matches == 2


def facts_of(source, alert_type, severity):
    return FieldValues(
        workspace="",
        site="Gdańsk",
        alert_type=alert_type,
        severity=severity,
        source_device=source,
        destination_device="PLC-PL2-07",
        at=rules.TUESDAY,
    )


def test_a_soft_alert_that_is_new_beside_a_strict_one_that_is_not_adds_nothing():
    types = rules.clause("alert_type", "is_one_of", rules.DOWNLOAD, rules.POLLING)
    kept = [line for line in rules.downloads().all_of if line.field != "alert_type"]
    new = rules.downloads(all_of=(types, *kept))
    version = SimpleNamespace(matches_wanted=2, definition=new, amends=with_source(new, "ENG-OLD"))
    before, soft, strict = (
        facts_of("ENG-OLD", rules.DOWNLOAD, 3),
        facts_of("ENG-WS-04", rules.POLLING, 1),
        facts_of("ENG-WS-04", rules.DOWNLOAD, 3),
    )
    assert not adds_to(version, [before, soft])
    assert adds_to(version, [soft, strict])


def amendment(field, before, after):
    lines = (rules.clause("site", "is", "Gdańsk"), rules.clause("alert_type", "is", rules.POLLING))
    old = rules.polling(all_of=(*lines, rules.clause(field, "is", before)))
    new = rules.polling(all_of=(*lines, rules.clause(field, "is", after)))
    amends = SimpleNamespace(state=VersionState.LIVE, definition=old, newcomers=[], number=1)
    return SimpleNamespace(amends=amends, definition=new, enforcement="tagout")


@pytest.mark.parametrize(
    "field", ["source_address", "destination_address", "any_device", "any_address"]
)
def test_a_newcomer_that_is_not_met_by_its_name_at_one_end_is_tried_as_a_whole(field):
    values = ("10.1.0.1", "10.1.0.2") if field.endswith("address") else ("SRV-1", "SRV-2")
    assert _carry_over_of_amendment(amendment(field, *values)) is None


def test_a_newcomer_that_is_met_by_its_name_keeps_the_trial():
    carry_over = _carry_over_of_amendment(amendment("source_device", "SRV-1", "SRV-2"))
    assert (carry_over.newcomers, carry_over.wanted) == (("srv-2",), 2)
