"""Until when a closed true positive holds its devices: two leads of two sides set another end."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from alerts.incidents.models import Incident, IncidentStatus
from alerts.suppression.enforcing.held_incidents import cases_with_effect
from alerts.suppression.enforcing.true_positive_cases import true_positive_cases
from alerts.suppression.models import HoldEnd
from alerts.suppression.watching.hold_ends import CannotSetHoldEnd, set_hold_end
from portal.accounts.models import GrantScope, Role, User
from portal.audit.models import Entry
from portal.runtime.worker_rights import WORKERS
from tests import cast
from tests.conftest import NOON
from tests.factories.incidents import make_alert, make_incident, make_site, make_workspace
from tests.factories.rewriting import rewrite

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def workspace(db):
    return make_workspace()


@pytest.fixture
def site(db):
    return make_site()


@pytest.fixture
def olaf(make_person, site):
    """The OT lead of the site."""
    return make_person(cast.OLAF, (Role.OT_SITE_LEAD, GrantScope.SITE, site.uuid))


@pytest.fixture
def leo(make_person, workspace):
    """The SOC lead of the workspace."""
    return make_person(cast.LEO, (Role.SOC_LEAD, GrantScope.WORKSPACE, workspace.uuid))


@pytest.fixture
def case(workspace, site):
    row = make_incident(
        workspace,
        site_ids=[site.pk],
        classification="TruePositive",
        status=IncidentStatus.CLOSED,
        closed_at=NOON,
        modified_at=NOON,
        created_at=NOON - HOUR,
    )
    make_alert(row, site=site, destination_device="PLC-21", destination_address="10.20.2.21")
    return row


def set_end(case, by, *, until=NOON + HOUR, now=NOON + HOUR, **more):
    values = {"reason": "Cleaned and patched.", "proved_at": now} | more
    return set_hold_end(incident_id=case.pk, by=by, until=until, now=now, **values)


def holds(now=NOON + 2 * HOUR):
    return bool(true_positive_cases(Incident.objects.all(), now=now))


@pytest.mark.abuse("A19")
def test_two_leads_of_two_sides_end_it_and_one_does_not(case, olaf, leo):
    assert not set_end(case, olaf)
    assert holds(), "one alone changes nothing"
    assert set_end(case, leo)
    assert not holds()
    actions = Entry.objects.filter(action__startswith="suppression.hold_end").order_by("pk")
    assert [entry.action.rpartition(".")[2] for entry in actions] == ["set", "agreed"]


def test_they_can_hold_it_longer(case, olaf, leo):
    for by in (olaf, leo):
        set_end(case, by, until=NOON + 60 * DAY)
    assert holds(now=NOON + 59 * DAY)
    assert not holds(now=NOON + 61 * DAY)
    rows = Incident.objects.all()
    (ended,) = cases_with_effect(rows, rows, since=NOON + 40 * DAY, now=NOON + 61 * DAY)
    assert ended.until == NOON + 60 * DAY


def test_two_ends_that_differ_change_nothing(case, olaf, leo):
    set_end(case, olaf)
    assert not set_end(case, leo, until=NOON + 2 * HOUR)
    assert holds()
    assert set_end(case, olaf, until=NOON + 2 * HOUR), "set anew"
    assert HoldEnd.objects.filter(void_at=None).count() == 2


@pytest.mark.abuse("A19")
@pytest.mark.parametrize("role", [Role.OT_ENGINEER, Role.SOC_ANALYST, Role.AUDITOR, Role.MANAGER])
def test_who_is_no_lead_sets_nothing(case, make_person, role):
    person = make_person(cast.SAM, (role, GrantScope.ALL, None))
    with pytest.raises(CannotSetHoldEnd, match="Only the OT lead"):
        set_end(case, person)
    assert Entry.objects.get(action="suppression.hold_end.refused").actor_id == person.pk


@pytest.mark.abuse("A12")
def test_a_lead_of_another_site_or_workspace_sets_nothing(case, make_person):
    pia = make_person(cast.PIA, (Role.OT_SITE_LEAD, GrantScope.SITE, make_site("Porto").uuid))
    ada = make_person(cast.ADA, (Role.SOC_LEAD, GrantScope.WORKSPACE, make_workspace("p").uuid))
    for person in (pia, ada):
        with pytest.raises(CannotSetHoldEnd, match="Only the OT lead"):
            set_end(case, person)


@pytest.mark.abuse("A12")
def test_of_two_sites_the_ot_lead_of_both_is_needed(case, olaf):
    Incident.objects.filter(pk=case.pk).update(site_ids=[*case.site_ids, make_site("Porto").pk])
    with pytest.raises(CannotSetHoldEnd, match="all sites"):
        set_end(case, olaf)


@pytest.mark.abuse("A19")
def test_one_person_who_leads_both_sides_cannot_end_it_alone(case, make_person):
    both = make_person(
        cast.ADA,
        (Role.OT_SITE_LEAD, GrantScope.ALL, None),
        (Role.SOC_LEAD, GrantScope.ALL, None),
    )
    for _ in range(3):
        assert not set_end(case, both)
    assert holds()


@pytest.mark.abuse("A19")
def test_two_accounts_of_one_identity_are_one_person(case, olaf, leo):
    for person in (olaf, leo):
        person.tid, person.oid = "t", "o"
    olaf.save(update_fields=["tid", "oid"])
    set_end(case, olaf)
    with pytest.raises(CannotSetHoldEnd, match="One person"):
        set_end(case, leo)


@pytest.mark.abuse("A19")
@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"kind": "token"}, "a token cannot"),
        ({"proved_at": None}, "minutes"),
        ({"proved_at": NOON - HOUR}, "minutes"),
        ({"proved_at": NOON + 2 * HOUR}, "minutes"),
        ({"reason": " \u200b "}, "Say why"),
        ({"until": NOON}, "within 90 days"),
        ({"until": NOON + 92 * DAY}, "within 90 days"),
    ],
    ids=["a token", "no proof", "old proof", "proof of later", "no reason", "past", "too long"],
)
def test_each_thing_alone_refuses_it(case, olaf, more, words):
    with pytest.raises(CannotSetHoldEnd, match=words):
        set_end(case, olaf, **more)


def test_while_it_is_open_nobody_sets_an_end(case, olaf):
    Incident.objects.filter(pk=case.pk).update(status=IncidentStatus.ACTIVE, closed_at=None)
    with pytest.raises(CannotSetHoldEnd, match="It is open"):
        set_end(case, olaf)


def test_what_was_agreed_ends_when_it_is_opened_again(case, olaf, leo):
    for by in (olaf, leo):
        set_end(case, by)
    opened = {"status": IncidentStatus.ACTIVE, "closed_at": None, "modified_at": NOON + 3 * HOUR}
    Incident.objects.filter(pk=case.pk).update(**opened)
    assert holds(now=NOON + 4 * HOUR)
    closed_at = NOON + 5 * HOUR
    Incident.objects.filter(pk=case.pk).update(
        status=IncidentStatus.CLOSED, closed_at=closed_at, modified_at=closed_at
    )
    assert holds(now=NOON + 6 * HOUR), "closed again it is another word"


def called(case, was, kind, *, at):
    """Sentinel calls the closed incident something else, and it is not opened again for that."""
    Incident.objects.filter(pk=case.pk).update(classification=kind, modified_at=at)
    details = {"from": was, "to": kind}
    case.timeline.create(at=at, side="sentinel", code="classification", details=details)


@pytest.mark.abuse("A05")
def test_what_was_agreed_ends_no_hold_of_one_that_is_called_a_true_positive_anew(case, olaf, leo):
    for by in (olaf, leo):
        set_end(case, by)
    called(case, "TruePositive", "BenignPositive", at=NOON + 2 * HOUR)
    assert not holds(now=NOON + 3 * HOUR)
    called(case, "BenignPositive", "TruePositive", at=NOON + 4 * HOUR)
    assert holds(now=NOON + 5 * HOUR), "it was closed only once, before they agreed"
    again = {"until": NOON + 6 * HOUR, "now": NOON + 6 * HOUR}
    assert not set_end(case, leo, **again), "what the other lead had set was about before"
    assert set_end(case, olaf, **again)
    assert not holds(now=NOON + 7 * HOUR)


def test_a_comment_on_it_does_not_undo_what_was_agreed(case, olaf, leo):
    for by in (olaf, leo):
        set_end(case, by)
    Incident.objects.filter(pk=case.pk).update(modified_at=NOON + 3 * HOUR)
    assert not holds(now=NOON + 4 * HOUR)


@pytest.mark.abuse("A05")
def test_an_earlier_end_counts_only_while_both_are_leads_there(case, olaf, leo, make_person):
    for by in (olaf, leo):
        set_end(case, by)
    assert not holds()
    User.objects.filter(pk=olaf.pk).update(is_active=False)
    assert holds()


@pytest.mark.abuse("A19")
@pytest.mark.parametrize("forged", ["ot", "soc"])
def test_a_forged_row_of_who_is_no_lead_ends_nothing(case, olaf, leo, make_person, forged):
    sam = make_person(cast.SAM, (Role.SOC_ANALYST, GrantScope.ALL, None))
    set_end(case, leo if forged == "ot" else olaf)
    (row,) = HoldEnd.objects.all()
    HoldEnd.objects.create(
        incident=case, side=forged, by=sam, until=row.until, reason="x", set_at=row.set_at
    )
    assert holds()


def test_the_database_keeps_two_people_apart_and_what_was_set(case, olaf):
    set_end(case, olaf)
    row = HoldEnd.objects.get()
    for columns in ({"side": "soc", "by": olaf}, {"side": "ot", "by": olaf}, {"reason": ""}):
        values = {"side": "soc", "by": olaf, "reason": "x"} | columns
        with pytest.raises(IntegrityError), transaction.atomic():
            HoldEnd.objects.create(incident=case, until=NOON, set_at=NOON, **values)
    with pytest.raises(Exception, match="hold"), transaction.atomic():
        HoldEnd.objects.filter(pk=row.pk).update(until=NOON + 90 * DAY)
    row.refresh_from_db()
    assert row.until == NOON + HOUR


@pytest.mark.abuse("A31")
def test_no_worker_may_write_one():
    for name, rights in WORKERS.items():
        assert "suppression_holdend" not in rights.writes, name


def test_it_needs_no_row_to_hold_so_no_row_that_is_lost_releases_it(case):
    """A restored backup, an emptied table, a worker that was never there: Sentinel's word holds."""
    assert holds()
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE suppression_holdend, suppression_heldincident")
    assert holds()


def test_two_workspaces_that_see_one_site_need_the_soc_of_the_cases_own(
    case, olaf, leo, make_person, site
):
    other = make_workspace("porto")
    ines = make_person(cast.INES, (Role.SOC_LEAD, GrantScope.WORKSPACE, other.uuid))
    set_end(case, olaf)
    with pytest.raises(CannotSetHoldEnd):
        set_end(case, ines)
    assert set_end(case, leo)


@pytest.mark.parametrize("side", ["ot", "soc"])
def test_an_end_that_was_set_before_it_was_closed_does_not_count(case, olaf, leo, side):
    for by in (olaf, leo):
        set_end(case, by)
    rewrite(HoldEnd.objects.filter(side=side), set_at=NOON - HOUR)
    assert holds()
