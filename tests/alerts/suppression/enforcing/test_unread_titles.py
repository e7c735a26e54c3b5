"""What Sentinel closes by the title of an analytics rule that was not read yet is judged after the
look that reads it, which comes at once; it waits an hour at most.
"""

from dataclasses import replace
from datetime import timedelta

import pytest

from alerts.incidents.models import Incident
from alerts.intake.models import Cursor
from alerts.readiness.services.check_workspace import check_due_workspace
from alerts.rules.sentinel_comments import rule_closing_text
from alerts.sentinel.client.prerequisites import Prerequisite
from alerts.suppression.enforcing.acting_rules import attribution_of
from alerts.suppression.models import LedgerEntry, RuleVersion
from alerts.suppression.watching import joined_alerts
from alerts.suppression.watching.closed_incidents import watch_closed_incidents
from portal import clock
from portal.jobs.models import Job
from tests.alerts.readiness.azure import answers, scheduled
from tests.alerts.suppression.enforcing.floor import POLLING, ROUTINE, routine
from tests.alerts.suppression.enforcing.test_rolls_back import BENIGN, OTHER, THREE

NAMING = "(MDIoT) {{AlertName}}"
QUERY = 'SecurityAlert | where ProviderName == "IoTSecurity"'


def by_rule(name="new-rule", **properties):
    """An alert of ROUTINE that an analytics rule titled."""
    made = routine(alertDisplayName=f"(MDIoT) {POLLING}", productComponentName=None, **properties)
    made["properties"]["additionalData"] |= {
        "Custom Details": '{"Sensor": ["sensor-pk2"]}',
        "Analytic Rule Ids": f'["{name}"]',
    }
    return made


@pytest.fixture
def there(floor):
    """A live rule that Sentinel enforces, in a workspace whose analytics rules were read."""
    floor.sentinel.prerequisites = answers()
    Cursor.objects.update_or_create(workspace=floor.workspace, defaults={"fresh_at": floor.now})
    floor.version = floor.rule(replace(ROUTINE, enforcement="sentinel"), number=12)
    look_if_due(floor)
    watch(floor)
    return floor


def make_rule(floor, title_format=NAMING, name="new-rule"):
    row = scheduled(
        "", name, query=QUERY, alertDetailsOverride={"alertDisplayNameFormat": title_format}
    )
    floor.sentinel.lay_out(Prerequisite.ANALYTICS_RULES, [row | {"name": name}])


def look_if_due(floor):
    """What intake does every ten seconds: whether a look was due."""
    done = False
    while check_due_workspace(purpose="read", now=floor.now, connect=lambda *_: floor.sentinel):
        done = True
    return done


def close(floor, *alerts, **options):
    """Sentinel closes an incident in the name of R-12."""
    incident = floor.incident(*alerts, **options)
    floor.sentinel.edit(
        incident.name,
        status="Closed",
        **BENIGN,
        classificationComment=rule_closing_text(attribution_of(floor.version)),
    )
    floor.read()
    return incident


def watch(floor):
    floor.clock.go(seconds=15)
    return watch_closed_incidents(now=floor.now)


def state(floor):
    return RuleVersion.objects.values_list("state", flat=True).get(pk=floor.version.pk)


def test_a_close_by_a_new_analytics_rule_stands_once_it_is_read(there):
    there.go(minutes=30)
    make_rule(there)
    incident = close(there, by_rule())
    assert watch(there) == 0, "it is no mistake before the rule was read"
    assert look_if_due(there)
    assert watch(there) == 0
    assert LedgerEntry.objects.get().alerts == list(incident.alerts.values_list("pk", flat=True))
    there.go(hours=2)
    assert watch(there) == 0
    assert (state(there), Incident.objects.get().closed_by) == ("live", "R-12")


def test_one_that_writes_any_title_is_reopened_after_the_look(there):
    there.go(minutes=30)
    make_rule(there, POLLING)
    close(there, by_rule())
    assert watch(there) == 0
    assert look_if_due(there)
    assert watch(there) == 1
    assert (state(there), LedgerEntry.objects.get().ending) == ("paused", "joined")


def test_without_a_look_it_is_judged_after_an_hour_whatever_happens_to_it(there):
    there.go(minutes=30)
    incident = close(there, by_rule())
    for number in range(6):
        assert watch(there) == 0
        there.go(minutes=9, seconds=50)
        there.sentinel.edit(incident.name, labels=[{"labelName": f"touched-{number}"}])
        there.join(incident, by_rule(f"another-{number}"))
        there.read()
    there.go(minutes=1)
    assert watch(there) == 1
    assert state(there) == "paused"


def test_what_more_than_the_title_keeps_from_being_covered_waits_for_nothing(there):
    there.go(minutes=30)
    close(there, by_rule(), by_rule(bag=OTHER), devices=THREE)
    assert watch(there) == 1


def test_a_doubt_that_is_known_waits_for_nothing(there):
    there.go(minutes=30)
    make_rule(there, POLLING)
    Job.objects.filter(kind="readiness.read").update(due_at=clock.unshifted())
    assert look_if_due(there)
    close(there, by_rule())
    assert watch(there) == 1


def test_many_that_wait_do_not_wait_without_bound(there, monkeypatch):
    monkeypatch.setattr(joined_alerts, "MAX_WAITING", 1)
    there.go(minutes=30)
    close(there, by_rule())
    close(there, by_rule())
    assert watch(there) == 1


def test_one_whose_details_are_fetched_again_goes_on_waiting(there):
    there.go(minutes=30)
    incident = close(there, by_rule())
    watch(there)
    Incident.objects.filter(pk=incident.pk).update(details_state="pending")
    there.go(minutes=20)
    assert watch(there) == 0
    Incident.objects.filter(pk=incident.pk).update(details_state="fetched")
    there.go(minutes=41)
    assert watch(there) == 1


class TestTheLook:
    """Readiness looks at once, at most every ten minutes, and once a day for a rule's name."""

    def test_it_is_due_at_once_where_an_alert_names_an_unread_rule(self, there):
        there.go(minutes=30)
        there.incident(routine())
        assert not look_if_due(there), "the sensor's own alert names no rule"
        make_rule(there)
        there.incident(by_rule())
        assert look_if_due(there)
        assert not look_if_due(there)
        there.incident(by_rule())
        there.go(minutes=30)
        assert not look_if_due(there), "now it is read"

    def test_names_without_end_bring_one_look_in_ten_minutes(self, there):
        there.go(minutes=30)
        looks = 0
        for number in range(15):
            there.go(minutes=2)
            there.incident(by_rule(f"no-such-rule-{number}"))
            looks += look_if_due(there)
        assert looks == 3

    def test_a_rule_that_is_gone_is_looked_for_once(self, there):
        there.go(minutes=30)
        looks = 0
        for _ in range(8):
            there.incident(by_rule("deleted"))
            there.go(minutes=15)
            looks += look_if_due(there)
        assert looks == 1

    def test_a_rule_that_is_named_during_a_look_is_looked_for_after_it(self, there):
        there.go(minutes=30)
        there.incident(by_rule("first"))
        there.sentinel.before_next(
            lambda: (there.go(seconds=5), there.incident(by_rule("second"))),
            verb="read_prerequisite",
        )
        assert look_if_due(there)
        assert not look_if_due(there)
        there.go(minutes=11)
        assert look_if_due(there)

    def test_where_rules_may_not_be_read_nothing_is_hastened(self, there):
        from alerts.sentinel.client.errors import SentinelDenied

        denied = SentinelDenied("No.", code="Forbidden")
        there.sentinel.fail_next(denied, verb="read_prerequisite", times=999)
        Job.objects.filter(kind="readiness.read").update(due_at=clock.unshifted())
        assert look_if_due(there)
        there.go(minutes=30)
        there.incident(by_rule())
        assert not look_if_due(there)

    def test_a_flood_of_names_does_not_grow_the_row(self, there):
        from alerts.readiness.models import Finding
        from alerts.readiness.services.unread_rules import MAX_RULES, note_unread_rules

        for number in range(3):
            note_unread_rules(
                workspace_id=there.workspace.pk,
                rules=[f"rule-{number}-{n}" for n in range(80)],
                now=there.now + timedelta(seconds=number),
            )
        facts = Finding.objects.get(part="unread rules").facts
        assert len(facts) == MAX_RULES
        assert "rule-2-79" in facts
