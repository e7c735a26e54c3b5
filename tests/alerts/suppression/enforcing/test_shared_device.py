"""A true positive that shares a device with what a rule closed holds that device, not the rule."""

from datetime import timedelta

import pytest

from alerts.incidents.models import Incident
from alerts.sites.models import Device
from alerts.suppression.models import LedgerEntry
from portal.accounts.models import GrantScope, Role
from portal.notifications.models import Notification
from tests import cast
from tests.alerts.suppression.enforcing.attacks import (
    EWS,
    HMI,
    LIVE,
    OTHER_PLC,
    PLC,
    attack,
    between,
    later,
    lives_on,
    states,
    watch,
)
from tests.alerts.suppression.enforcing.floor import routine
from tests.factories.answers import device
from tests.factories.rewriting import rewrite


def test_neither_rule_stops_and_what_was_closed_on_the_device_is_looked_at_again(closed):
    attack(closed)
    assert states(closed) == LIVE
    (line,) = LedgerEntry.objects.filter(incident=closed.target)
    assert (line.ending, "PLC-21" in line.ending_note) == ("linked", True)
    assert line.review_again_at == closed.now
    (entry,) = closed.target.timeline.filter(code="device-held")
    assert entry.details == {"rule": "R-12", "ending": "device-linked", "device": "PLC-21"}


def test_what_else_the_rule_closed_is_not_looked_at_again(closed):
    assert lives_on(closed, EWS, OTHER_PLC)
    attack(closed)
    again = LedgerEntry.objects.exclude(review_again_at=None)
    assert list(again.values_list("incident", flat=True)) == [closed.target.pk]


def test_what_touches_the_device_stays_open_for_every_rule_and_the_rest_is_closed(closed):
    attack(closed)
    assert not lives_on(closed, EWS, PLC), "R-12, which had closed something there"
    assert not lives_on(closed, OTHER_PLC, PLC), "R-13, which had not"
    assert lives_on(closed, EWS, OTHER_PLC)


def test_it_holds_for_72_hours_after_the_latest_change(closed):
    attack(closed)
    later(closed, hours=72, seconds=-1)
    assert not lives_on(closed, EWS, PLC)
    later(closed, minutes=2)
    assert lives_on(closed, EWS, PLC)


def test_an_open_true_positive_holds_until_it_is_closed_and_72_hours_more(closed):
    case = attack(closed, status="Active")
    later(closed, days=20)
    assert not lives_on(closed, EWS, PLC)
    closed.sentinel.edit(case.name, status="Closed")
    later(closed, hours=71)
    assert not lives_on(closed, EWS, PLC)
    later(closed, hours=2)
    assert lives_on(closed, EWS, PLC)


def test_while_people_work_on_another_incident_of_the_case_it_holds_for_14_days(closed):
    other = closed.incident(
        between(HMI, PLC), devices=(HMI, PLC), owner={"assignedTo": "Sam", "objectId": "1e0"}
    )
    attack(closed)
    later(closed, days=13)
    assert not lives_on(closed, EWS, PLC)
    closed.sentinel.edit(other.name, status="Closed", classification="BenignPositive")
    later(closed, minutes=1)
    assert lives_on(closed, EWS, PLC)


def test_nobody_holds_it_longer_than_14_days_without_the_leads(closed):
    closed.incident(
        between(HMI, PLC), devices=(HMI, PLC), owner={"assignedTo": "Sam", "objectId": "1e0"}
    )
    attack(closed)
    later(closed, days=14, minutes=1)
    assert lives_on(closed, EWS, PLC)


def test_work_that_began_after_the_case_is_another_one(closed):
    attack(closed)
    closed.go(hours=1)
    closed.incident(
        between(HMI, PLC), devices=(HMI, PLC), owner={"assignedTo": "Sam", "objectId": "1e0"}
    )
    later(closed, hours=72)
    assert lives_on(closed, EWS, PLC)


def test_a_second_true_positive_on_the_device_holds_it_for_itself(closed):
    attack(closed)
    closed.go(hours=48)
    attack(closed, HMI, PLC)
    later(closed, hours=48)
    assert not lives_on(closed, EWS, PLC)
    later(closed, hours=25)
    assert lives_on(closed, EWS, PLC)


def test_one_that_was_no_true_positive_after_all_holds_nothing(closed):
    case = attack(closed)
    closed.sentinel.edit(case.name, classification="BenignPositive")
    later(closed, minutes=1)
    assert lives_on(closed, EWS, PLC)


def test_one_that_is_called_so_long_after_it_was_closed_holds_from_then_on(closed):
    case = closed.incident(between(HMI, PLC), devices=(HMI, PLC))
    closed.sentinel.edit(case.name, status="Closed", classification="BenignPositive")
    later(closed, days=9)
    closed.sentinel.edit(case.name, classification="TruePositive")
    later(closed, minutes=1)
    assert not lives_on(closed, EWS, PLC)


def test_an_old_one_that_only_its_move_to_the_portal_has_changed_holds_nothing(closed):
    case = closed.incident(between(HMI, PLC), devices=(HMI, PLC))
    closed.sentinel.edit(case.name, status="Closed", classification="TruePositive")
    closed.read()
    row = Incident.objects.filter(pk=case.pk)
    row.get().timeline.all().delete()  # it was closed when Tagout first read it
    rewrite(row, created_at=closed.now - timedelta(days=90), closed_at=closed.now)
    assert lives_on(closed, EWS, PLC)
    rewrite(row, created_at=closed.now - timedelta(days=13))
    assert not lives_on(closed, EWS, PLC)


def test_a_tag_of_weeks_after_the_close_renews_no_hold(closed):
    case = attack(closed)
    later(closed, days=18)
    closed.sentinel.edit(case.name, labels=[{"labelName": "2026-Q4"}])
    later(closed, minutes=1)
    assert lives_on(closed, EWS, PLC)


def test_one_that_is_deleted_in_sentinel_holds_all_the_same(closed):
    case = attack(closed)
    Incident.objects.filter(pk=case.pk).update(gone_at=closed.now)
    assert not lives_on(closed, EWS, PLC)


def test_a_device_that_was_renamed_is_held_by_its_zone_and_address(closed):
    attack(closed)
    Device.objects.filter(name="PLC-21").update(name="PLC-21-NEW")
    renamed = ("PLC-21-NEW", "10.20.2.21")
    row = closed.incident(between(EWS, renamed), devices=(EWS, renamed))
    assert closed.decide() == 0
    assert closed.properties(row)["status"] == "New"


def test_the_same_address_in_another_zone_is_another_device(closed):
    attack(closed)
    elsewhere = ("PLC-22", PLC[1])
    row = closed.incident(
        routine(
            bag={
                "DestinationDevice": elsewhere[0],
                "DestinationDeviceAddress": elsewhere[1],
                "SensorZone": "Utilities",
            }
        ),
        devices=(),
        entities=[
            *device(*EWS, zone="Utilities"),
            *device(*elsewhere, zone="Utilities"),
        ],
    )
    closed.decide()
    closed.deliver()
    assert closed.properties(row)["status"] == "Closed"


# What was closed wrongly stops the rule, also after the link.


@pytest.mark.abuse("A45")
@pytest.mark.parametrize(
    ("change", "ending"),
    [
        ({"status": "Active", "classification": None}, "reopened"),
        ({"classification": "TruePositive"}, "true_positive"),
        (None, "joined"),
    ],
    ids=["reopened", "true positive", "a stranger joined"],
)
def test_a_wrong_close_stops_the_rule_also_where_it_was_linked_before(closed, change, ending):
    attack(closed)
    closed.go(minutes=5)
    if change is None:
        closed.join(closed.target, routine(bag={"SourceDevice": "X", "DestinationDevice": "Y"}))
    else:
        closed.sentinel.edit(closed.target.name, **change)
    closed.read()
    assert watch(closed) == 1
    assert LedgerEntry.objects.get(incident=closed.target).ending == ending
    assert states(closed) == [("paused", True), ("live", False)]


@pytest.mark.abuse("A45")
def test_a_covered_alert_that_joins_while_the_device_is_held_opens_the_incident_again(closed):
    attack(closed)
    closed.go(minutes=5)
    closed.join(closed.target, between(EWS, PLC))
    closed.read()
    assert watch(closed) == 1
    closed.deliver()
    assert closed.properties(closed.target)["status"] == "Active"
    assert LedgerEntry.objects.get(incident=closed.target).ending == "held"
    assert states(closed) == LIVE
    assert watch(closed) == 0, "our own reopening is none of a person's"


@pytest.mark.abuse("A45")
def test_what_tagout_closed_before_it_had_read_of_the_attack_is_opened_again(closed):
    case = closed.incident(between(HMI, PLC), devices=(HMI, PLC), title="Attack")
    closed.sentinel.edit(case.name, status="Closed", classification="TruePositive")
    closed.go(minutes=1)
    row = Incident.objects.get(pk=closed.incident(between(EWS, OTHER_PLC)).pk)
    rewrite(LedgerEntry.objects.filter(incident=closed.target), at=closed.now)
    closed.read()
    watch(closed)
    closed.deliver()
    assert closed.properties(closed.target)["status"] == "Active"
    (comment,) = closed.sentinel.comments[closed.target.name].values()
    text = comment["properties"]["message"]
    assert text.startswith("Reopened by Tagout because PLC-21 is held open after a true positive")
    assert row.status == 1


@pytest.mark.abuse("A45")
@pytest.mark.parametrize(
    ("late", "before", "after"),
    [
        ("target", {"details_state": "pending"}, {"details_state": "fetched"}),
        ("case", {"classification": ""}, {"classification": "TruePositive"}),
    ],
    ids=["its details", "the true positive"],
)
def test_what_was_read_late_is_opened_again_all_the_same(closed, late, before, after):
    row = {"target": closed.target, "case": attack(closed)}[late]
    line = LedgerEntry.objects.filter(incident=closed.target)
    closed.go(minutes=1)
    rewrite(line, at=closed.now, ending="")  # closed in Sentinel while the device was held
    Incident.objects.filter(pk=row.pk).update(**before)
    closed.go(minutes=20)
    watch(closed)
    assert line.get().ending == ""
    Incident.objects.filter(pk=row.pk).update(**after, changed_at=closed.now)
    watch(closed)
    assert line.get().ending == "held"


def test_nobody_is_notified_of_a_case_that_holds_nothing_any_more(closed, leads):
    case = closed.incident(between(HMI, PLC), devices=(HMI, PLC), title="Attack")
    closed.sentinel.edit(case.name, status="Closed", classification="TruePositive")
    closed.go(days=4)
    closed.read()
    watch(closed)
    (line,) = LedgerEntry.objects.filter(incident=closed.target)
    assert line.ending == "linked"
    assert not Notification.objects.filter(kind="suppression.devices-held").exists()


def test_a_close_that_was_decided_before_is_not_delivered_while_the_device_is_held(closed):
    row = closed.incident(between(EWS, PLC))
    assert closed.decide() == 1
    attack(closed)
    closed.deliver()
    assert closed.properties(row)["status"] == "New"


# Who is notified.


@pytest.fixture
def leads(closed, make_person):
    """The OT leads of this site and of another one; Leo leads the SOC."""
    from alerts.sites.models import Site
    from tests.factories.incidents import make_site

    site, porto = Site.objects.get(name="Gdańsk"), make_site("Porto")
    olaf = make_person(cast.OLAF, (Role.OT_SITE_LEAD, GrantScope.SITE, site.uuid))
    pia = make_person(cast.PIA, (Role.OT_SITE_LEAD, GrantScope.SITE, porto.uuid))
    return olaf, pia


def test_both_leads_are_notified_once(closed, leads):
    case = attack(closed)
    for hours in (1, 30):
        closed.go(hours=hours)
        closed.sentinel.edit(case.name, labels=[{"labelName": f"x{hours}"}])
        closed.read()
        watch(closed)
    rows = Notification.objects.filter(kind="suppression.devices-held")
    assert sorted(row.to.name for row in rows) == ["Leo Hartmann", "Olaf Lindqvist"]
    assert {row.subject for row in rows} == {"Held open: PLC-21"}
    assert {row.path for row in rows} == {f"/rules/held/#case-{case.pk}"}
    assert "R-12 had closed incidents on PLC-21" in rows[0].body


def test_nobody_is_notified_where_rules_had_closed_nothing(closed, leads):
    attack(closed, HMI, OTHER_PLC)
    assert not Notification.objects.filter(kind="suppression.devices-held").exists()
