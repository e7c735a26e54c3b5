"""What a suspicion or a true positive keeps open: its devices at their site, and nothing else."""

import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from alerts.incidents.models import Entity, Incident, IncidentStatus
from alerts.reviews.models import SecondOpinion
from alerts.reviews.services.opinions import decide_suspicion
from alerts.reviews.services.questions import ask_ot
from alerts.reviews.services.second_opinions import run_second_opinions
from alerts.reviews.services.verdicts import give_verdict, undo_verdict
from alerts.suppression.deploying.kill_switch import switch_off
from alerts.suppression.enforcing.judging import blocking_devices
from alerts.suppression.enforcing.plant_holds import BlockingDevices
from alerts.suppression.models import HeldIncident
from alerts.suppression.queries import facts_by_incident
from portal.accounts.models import GrantScope, Role
from tests import cast
from tests.alerts.suppression.enforcing.floor import DEVICES, routine
from tests.conftest import NOON
from tests.factories.answers import alert
from tests.factories.incidents import (
    make_alert,
    make_device,
    make_incident,
    make_site,
    make_workspace,
)
from tests.factories.rewriting import rewrite

ADDRESS = "192.168.1.10"  # private, so that every plant may have it
HOUR = timedelta(hours=1)


@pytest.fixture
def plant(db, make_person):
    workspace, site = make_workspace(), make_site()
    oda = make_person(cast.ODA, (Role.OT_ENGINEER, GrantScope.ALL, None))
    sam = make_person(cast.SAM, (Role.SOC_ANALYST, GrantScope.ALL, None))
    return workspace, site, oda, sam


def incident_at(workspace, site, *, status=IncidentStatus.NEW, **ends):
    values = {
        "source_device": "HMI-02",
        "source_address": "10.20.1.2",
        "source_zone": "Packaging 2",
        "destination_device": "PLC-21",
        "destination_address": ADDRESS,
        "destination_zone": "Packaging 2",
    } | ends
    row = make_incident(workspace, site_ids=[site.pk], status=status, created_at=NOON - HOUR)
    make_alert(row, site=site, any_device=[], **values)
    return row


def judged(row, by, verdict="suspicious", *, now=NOON, **more):
    return give_verdict(
        by=by,
        key=uuid.uuid4(),
        verdict=verdict,
        cause="other",
        note="Odd.",
        now=now,
        incident_ids=[row.pk],
        **more,
    )


def holds_of(row):
    return blocking_devices(row, alerts=facts_by_incident([row.pk])[row.pk].values(), now=NOON)


def came_now(row):
    """The same incident, as if it had come at noon."""
    rewrite(Incident.objects.filter(pk=row.pk), created_at=NOON)
    row.refresh_from_db()
    return row


def test_nothing_is_held_while_nothing_is_suspected(plant):
    workspace, site, *_ = plant
    incident_at(workspace, site)
    assert holds_of(incident_at(workspace, site)) == BlockingDevices()


def test_a_suspicion_holds_what_touches_its_devices(plant):
    workspace, site, oda, _ = plant
    judged(incident_at(workspace, site), oda)
    touching = incident_at(workspace, site, source_device="EWS-07", source_address="10.20.1.7")
    assert holds_of(touching) == BlockingDevices(by_suspicions=("PLC-21",))
    stranger = {
        "source_device": "EWS-07",
        "source_address": "10.20.1.7",
        "destination_device": "PLC-9",
        "destination_address": "10.20.2.9",
    }
    assert holds_of(incident_at(workspace, site, **stranger)) == BlockingDevices()


def test_a_private_address_of_another_plant_is_another_device(plant):
    workspace, site, oda, _ = plant
    ulm = make_site("Ulm")
    judged(incident_at(workspace, site, destination_device=""), oda)
    ends = {"source_device": "EWS-07", "source_address": "10.20.1.7", "destination_device": ""}
    there = [incident_at(workspace, ulm, **ends) for _ in range(3)]
    assert {holds_of(row) for row in there} == {BlockingDevices()}
    assert holds_of(incident_at(workspace, site, **ends)).by_suspicions == (ADDRESS,)


def test_an_address_of_another_zone_is_another_device_and_one_without_zone_may_be_the_same(plant):
    workspace, site, oda, _ = plant
    judged(incident_at(workspace, site, destination_device=""), oda)
    ends = {"source_device": "EWS-07", "source_address": "10.20.1.7", "destination_device": ""}
    assert (
        holds_of(incident_at(workspace, site, **ends, destination_zone="Office"))
        == BlockingDevices()
    )
    assert holds_of(incident_at(workspace, site, **ends, destination_zone="")).by_suspicions


def test_a_true_positive_holds_its_devices_by_zone_and_address_too(plant):
    workspace, site, *_ = plant
    case = incident_at(workspace, site, status=IncidentStatus.ACTIVE, destination_device="")
    Incident.objects.filter(pk=case.pk).update(classification="TruePositive")
    ends = {"source_device": "EWS-07", "source_address": "10.20.1.7", "destination_device": ""}
    assert holds_of(incident_at(workspace, site, **ends)) == BlockingDevices(
        by_true_positives=(ADDRESS,)
    )
    assert holds_of(incident_at(workspace, make_site("Ulm"), **ends)) == BlockingDevices()
    assert (
        holds_of(incident_at(workspace, site, **ends, destination_zone="Office"))
        == BlockingDevices()
    )
    Incident.objects.filter(pk=case.pk).update(status=IncidentStatus.CLOSED)
    assert holds_of(incident_at(workspace, site, **ends)).by_closed_cases == (ADDRESS,)
    Incident.objects.filter(pk=case.pk).update(modified_at=NOON - 72 * HOUR)
    row = incident_at(workspace, site, **ends)
    assert holds_of(row) == BlockingDevices(by_past_cases=(ADDRESS,)), "it came an hour before"
    assert holds_of(came_now(row)) == BlockingDevices()


def test_until_when_a_case_held_is_asked_only_for_what_touches_a_device_of_it(plant):
    workspace, site, *_ = plant
    case = incident_at(workspace, site, status=IncidentStatus.CLOSED)
    rewrite(
        Incident.objects.filter(pk=case.pk),
        classification="TruePositive",
        created_at=NOON - 120 * HOUR,
        modified_at=NOON - 96 * HOUR,
    )
    ends = {"source_device": "HMI-99", "source_address": "10.20.1.99"}
    ends |= {"destination_device": "PLC-99", "destination_address": "10.20.1.98"}

    def asked_of(row):
        with CaptureQueriesContext(connection) as asked:
            assert holds_of(row) == BlockingDevices()
        return [query["sql"] for query in asked if "timelineitem" in query["sql"]]

    assert asked_of(incident_at(workspace, site))
    assert not asked_of(incident_at(workspace, site, **ends))


@pytest.mark.parametrize("end", [{"gone_at": NOON}, {"merged_into": 7}], ids=["gone", "merged"])
def test_a_true_positive_that_is_no_longer_in_sentinel_holds_as_a_closed_one(plant, end):
    workspace, site, *_ = plant
    case = incident_at(workspace, site, status=IncidentStatus.ACTIVE)
    Incident.objects.filter(pk=case.pk).update(classification="TruePositive")
    assert holds_of(incident_at(workspace, site)).by_true_positives
    Incident.objects.filter(pk=case.pk).update(**end)
    assert holds_of(incident_at(workspace, site)).by_closed_cases
    Incident.objects.filter(pk=case.pk).update(modified_at=NOON - 72 * HOUR)
    assert holds_of(came_now(incident_at(workspace, site))) == BlockingDevices()


def test_the_same_site_seen_through_another_workspace_is_held_too(plant):
    workspace, site, oda, _ = plant
    judged(incident_at(workspace, site), oda)
    other = make_workspace("north")
    assert holds_of(incident_at(other, site)).by_suspicions == ("HMI-02", "PLC-21")


def test_a_device_among_the_entities_is_held(plant):
    workspace, site, oda, _ = plant
    device = make_device(site, "NAS-1", "10.20.3.3")
    case = incident_at(workspace, site)
    judged(case, oda)
    quiet = {
        "source_device": "EWS-07",
        "source_address": "10.20.1.7",
        "destination_device": "PLC-9",
        "destination_address": "10.20.2.9",
    }
    touching = incident_at(workspace, site, **quiet)
    for row in (case, touching):
        Entity.objects.create(incident=row, name="e", kind="IoTDevice", device=device, body={})
    assert holds_of(touching).by_suspicions == ("NAS-1",)


@pytest.mark.parametrize("verdict", ["routine", "maintenance"])
def test_a_verdict_that_corrects_it_ends_the_hold(plant, verdict):
    workspace, site, oda, _ = plant
    case = incident_at(workspace, site)
    judged(case, oda)
    judged(case, oda, verdict, now=NOON + HOUR)
    assert holds_of(incident_at(workspace, site)) == BlockingDevices()


def test_a_verdict_on_another_incident_of_the_answer_does_not(plant):
    workspace, site, oda, _ = plant
    case, other = incident_at(workspace, site), incident_at(workspace, site)
    ids = [case.pk, other.pk]
    give_verdict(
        by=oda,
        key=uuid.uuid4(),
        verdict="suspicious",
        cause="other",
        note="Odd.",
        now=NOON,
        incident_ids=ids,
    )
    judged(other, oda, "routine", now=NOON + HOUR)
    assert holds_of(incident_at(workspace, site)).by_suspicions
    judged(case, oda, "routine", now=NOON + HOUR)
    assert holds_of(incident_at(workspace, site)) == BlockingDevices()


def test_who_is_not_sure_does_not_end_the_hold_nor_does_a_new_question(plant):
    workspace, site, oda, sam = plant
    case = incident_at(workspace, site)
    judged(case, oda)
    judged(case, oda, "not-sure", now=NOON + HOUR)
    ask_ot(incident_ids=[case.pk], site_id=site.pk, question="Sure?", by=sam, now=NOON + 2 * HOUR)
    assert holds_of(incident_at(workspace, site)).by_suspicions == ("HMI-02", "PLC-21")


def test_an_answer_that_was_undone_holds_nothing(plant):
    workspace, site, oda, _ = plant
    verdict = judged(incident_at(workspace, site), oda)
    undo_verdict(act=verdict.act, by=oda, now=NOON)
    assert holds_of(incident_at(workspace, site)) == BlockingDevices()
    case = incident_at(workspace, site)
    judged(case, oda)
    later = judged(case, oda, "routine", now=NOON + HOUR)
    undo_verdict(act=later.act, by=oda, now=NOON + HOUR)
    assert holds_of(incident_at(workspace, site)).by_suspicions, "the earlier one stands again"


@pytest.mark.parametrize(
    ("closed", "is_on_hold"),
    [
        (
            {"classification": "BenignPositive", "classification_reason": "SuspiciousButExpected"},
            False,
        ),
        ({"classification": "FalsePositive", "classification_reason": "InaccurateData"}, False),
        ({"classification": "TruePositive", "classification_reason": "SuspiciousActivity"}, False),
        ({"classification": "Undetermined"}, True),
        ({"classification": "BenignPositive"}, True),
        (
            {
                "classification": "BenignPositive",
                "classification_reason": "SuspiciousButExpected",
                "closed_by": "R-12",
            },
            True,
        ),
        (
            {
                "classification": "BenignPositive",
                "classification_reason": "SuspiciousButExpected",
                "closed_at": NOON - HOUR,
            },
            True,
        ),
    ],
    ids=[
        "benign",
        "false positive",
        "true positive",
        "undetermined",
        "without a reason",
        "by a rule",
        "before OT said so",
    ],
)
def test_closing_it_ends_the_hold_only_if_the_soc_says_what_it_was(plant, closed, is_on_hold):
    workspace, site, oda, _ = plant
    case = incident_at(workspace, site)
    judged(case, oda)
    columns = {"status": IncidentStatus.CLOSED, "closed_at": NOON + HOUR} | closed
    Incident.objects.filter(pk=case.pk).update(**columns)
    assert bool(holds_of(incident_at(workspace, site)).by_suspicions) == is_on_hold


def test_a_merge_does_not_end_the_hold(plant):
    workspace, site, oda, _ = plant
    case = incident_at(workspace, site)
    judged(case, oda)
    Incident.objects.filter(pk=case.pk).update(merged_into=7)
    assert holds_of(incident_at(workspace, site)).by_suspicions


@pytest.fixture
def suspected(floor):
    """A suspicion of Oda's on what the routine talks to."""
    floor.rule()
    case = floor.incident(
        routine(bag={"SourceDevice": "HMI-02", "SourceDeviceAddress": "10.20.1.2"}),
        status="Active",
        devices=(),
    )
    judged(case, floor.oda, now=floor.now)
    return case


@pytest.fixture
def waiting(floor, suspected):
    """An incident that rules would close but for the suspicion; others have come since."""
    row = floor.incident(devices=DEVICES)
    assert floor.decide() == 0
    floor.go(minutes=10)
    floor.incident(alert(77, alertDisplayName="Something else"), devices=())
    assert floor.decide() == 0
    return row


def later(floor, **by):
    floor.go(**by)
    floor.read()
    return floor.decide()


def test_rules_leave_it_open_while_it_is_held_and_close_it_when_that_ends(
    floor, suspected, waiting
):
    assert later(floor, minutes=30) == 0
    assert HeldIncident.objects.get().pk == waiting.pk
    judged(suspected, floor.oda, "routine", now=floor.now)
    assert later(floor, seconds=10) == 0, "it is looked at once a minute"
    assert later(floor, minutes=1) == 1
    assert not HeldIncident.objects.exists()
    floor.deliver()
    assert floor.properties(waiting)["status"] == "Closed"


def test_what_a_narrowed_suspicion_lets_go_is_closed(floor, waiting):
    for hours in (1, 73):
        floor.go(hours=hours)
        run_second_opinions(seed=b"x", now=floor.now)
    assert later(floor, minutes=1) == 1
    assert floor.ledger[-1].incident_id == waiting.pk


@pytest.mark.parametrize("touch", ["owner", "label at the last moment", "joined", "off"])
def test_when_a_hold_ends_every_guard_is_asked_again(floor, suspected, waiting, touch):
    row = waiting
    if touch == "owner":
        floor.sentinel.edit(row.name, owner={"objectId": "1e0", "assignedTo": "Sam"})
    elif touch == "joined":
        floor.join(row, routine(bag={"SourceDevice": "EWS-99"}))
    judged(suspected, floor.oda, "routine", now=floor.now)
    if touch == "off":
        switch_off(by=floor.leo, reason="Drill", now=floor.now)
    acted = later(floor, minutes=1)
    assert acted == (touch == "label at the last moment")
    if acted:  # a person in Sentinel is faster than the delivery
        floor.sentinel.edit(row.name, labels=[{"labelName": "Mine", "labelType": "User"}])
    floor.deliver()
    assert floor.properties(row)["status"] == "New"
    assert later(floor, minutes=2) == 0


NARROW = {"source_device": "EWS-07", "source_address": "10.20.1.7"}


def test_undecided_for_three_days_it_holds_its_pair_only(plant, make_person):
    workspace, site, oda, _ = plant
    make_person(cast.LEO, (Role.SOC_LEAD, GrantScope.ALL, None))
    judged(incident_at(workspace, site), oda)
    opened = NOON + timedelta(minutes=2)
    run_second_opinions(seed=b"x", now=opened)
    same, touching = incident_at(workspace, site), incident_at(workspace, site, **NARROW)
    run_second_opinions(seed=b"x", now=opened + 72 * HOUR - timedelta(seconds=1))
    assert holds_of(touching).by_suspicions == ("PLC-21",)
    run_second_opinions(seed=b"x", now=opened + 72 * HOUR)
    assert holds_of(touching) == BlockingDevices()
    assert holds_of(same).by_suspicions == ("HMI-02", "PLC-21")
    run_second_opinions(seed=b"x", now=opened + 900 * HOUR)
    assert holds_of(same).by_suspicions == ("HMI-02", "PLC-21"), "it never lapses"


def test_confirmed_it_holds_its_devices_however_old_it_is(plant, make_person):
    workspace, site, oda, _ = plant
    leo = make_person(cast.LEO, (Role.SOC_LEAD, GrantScope.ALL, None))
    judged(incident_at(workspace, site), oda)
    for hours in (1, 74):
        run_second_opinions(seed=b"x", now=NOON + hours * HOUR)
    found = SecondOpinion.objects.get()
    decide_suspicion(
        second_opinion=found.uuid, by=leo, choice="confirm", reason="Seen it.", now=NOON + 74 * HOUR
    )
    assert holds_of(incident_at(workspace, site, **NARROW)).by_suspicions == ("PLC-21",)


def test_without_a_worker_that_asks_the_leads_it_does_not_narrow(plant):
    workspace, site, oda, _ = plant
    judged(incident_at(workspace, site), oda, now=NOON - 900 * HOUR)
    assert holds_of(incident_at(workspace, site, **NARROW)).by_suspicions == ("PLC-21",)


def test_a_true_positive_never_narrows(plant):
    workspace, site, *_ = plant
    case = incident_at(workspace, site, status=IncidentStatus.ACTIVE)
    Incident.objects.filter(pk=case.pk).update(
        classification="TruePositive", created_at=NOON - 900 * HOUR
    )
    assert holds_of(incident_at(workspace, site, **NARROW)).by_true_positives == ("PLC-21",)


def test_what_was_judged_and_closed_before_tagout_read_it_holds_nothing(plant):
    workspace, site, oda, _ = plant
    case = incident_at(workspace, site)
    judged(case, oda)
    past = {"status": IncidentStatus.CLOSED, "closed_at": NOON, "stored_at": NOON + HOUR}
    Incident.objects.filter(pk=case.pk).update(**past)
    assert holds_of(incident_at(workspace, site)) == BlockingDevices()
    for live in (
        {"status": IncidentStatus.NEW, "closed_at": None},
        {"closed_at": NOON + 2 * HOUR},
        {"stored_at": NOON},
    ):
        Incident.objects.filter(pk=case.pk).update(**past | live)
        assert holds_of(incident_at(workspace, site)).by_suspicions, live
