"""Who sees which incidents, and who may act on them."""

import pytest

from alerts.incidents.acts.close import CannotClose, close_incidents
from alerts.incidents.ingest.groups import regroup
from alerts.incidents.models import Incident, IncidentStatus
from alerts.incidents.policies import reasons_against_acting
from alerts.incidents.queries import groups_visible_to, incidents_visible_to
from alerts.sentinel.services.workspaces import remove_workspace
from portal.accounts.models import GrantScope, Organisation, Role
from tests import cast
from tests.conftest import NOON
from tests.factories.incidents import make_incident, make_site, make_workspace

BENIGN = {"classification": "BenignPositive", "reason": "SuspiciousButExpected"}


@pytest.fixture
def company(db):
    return Organisation.objects.create(name="Baltic Water")


@pytest.fixture
def places(company):
    gdansk, porto = make_site("Gdańsk"), make_site("Porto")
    west = make_workspace("west", organisation=company)
    east = make_workspace("east")
    rows = {
        "west, Gdańsk": make_incident(west, site_ids=[gdansk.pk]),
        "west, both": make_incident(west, site_ids=sorted([gdansk.pk, porto.pk])),
        "west, unplaced": make_incident(west),
        "east, Porto": make_incident(east, site_ids=[porto.pk]),
    }
    regroup([row.pk for row in rows.values()], now=NOON)
    scopes = {
        "west": west.uuid,
        "east": east.uuid,
        "Gdańsk": gdansk.uuid,
        "Porto": porto.uuid,
        "company": company.uuid,
        "all": None,
    }
    return rows, scopes


@pytest.mark.parametrize(
    ("role", "kind", "scope", "visible"),
    [
        (
            Role.SOC_ANALYST,
            GrantScope.WORKSPACE,
            "west",
            {"west, Gdańsk", "west, both", "west, unplaced"},
        ),
        (Role.SOC_LEAD, GrantScope.WORKSPACE, "east", {"east, Porto"}),
        (
            Role.SOC_ANALYST,
            GrantScope.ORGANISATION,
            "company",
            {"west, Gdańsk", "west, both", "west, unplaced"},
        ),
        (Role.OT_ENGINEER, GrantScope.SITE, "Gdańsk", {"west, Gdańsk", "west, both"}),
        (Role.OT_SITE_LEAD, GrantScope.SITE, "Porto", {"west, both", "east, Porto"}),
        (Role.MANAGER, GrantScope.SITE, "Gdańsk", {"west, Gdańsk", "west, both"}),
        (
            Role.AUDITOR,
            GrantScope.ALL,
            "all",
            {"west, Gdańsk", "west, both", "west, unplaced", "east, Porto"},
        ),
        (Role.ADMINISTRATOR, GrantScope.ALL, "all", set()),
        (Role.TRAINING_MANAGER, GrantScope.ALL, "all", set()),
    ],
)
def test_a_grant_shows_what_is_in_its_scope_and_nothing_else(
    places, make_person, role, kind, scope, visible
):
    rows, scopes = places
    user = make_person(cast.SAM, (role, kind, scopes[scope]))
    names = {row.pk: name for name, row in rows.items()}
    assert {names[row.pk] for row in incidents_visible_to(user)} == visible
    assert {names[group.latest_id] for group in groups_visible_to(user)} == visible


def test_rights_add_up_and_are_looked_up_once(places, make_person, django_assert_num_queries):
    _, scopes = places
    user = make_person(
        cast.SAM,
        (Role.OT_ENGINEER, GrantScope.SITE, scopes["Gdańsk"]),
        (Role.SOC_ANALYST, GrantScope.WORKSPACE, scopes["east"]),
    )
    assert incidents_visible_to(user).count() == 3
    with django_assert_num_queries(1):
        assert groups_visible_to(user).count() == 3


def test_nobody_without_a_grant_sees_anything(places, make_person):
    assert not incidents_visible_to(make_person(cast.MIA)).exists()


@pytest.mark.abuse("A15")
@pytest.mark.parametrize(
    ("role", "kind", "scope", "message"),
    [
        (Role.SOC_ANALYST, GrantScope.WORKSPACE, "west", ""),
        (Role.SOC_LEAD, GrantScope.ORGANISATION, "company", ""),
        (Role.SOC_LEAD, GrantScope.ALL, "all", ""),
        (Role.SOC_ANALYST, GrantScope.WORKSPACE, "east", "SOC analyst or SOC lead of west"),
        (Role.OT_ENGINEER, GrantScope.SITE, "Gdańsk", "only the SOC changes and closes"),
        (Role.OT_SITE_LEAD, GrantScope.ALL, "all", "only the SOC changes and closes"),
        (Role.MANAGER, GrantScope.ALL, "all", "SOC analyst or SOC lead of west"),
        (Role.AUDITOR, GrantScope.ALL, "all", "SOC analyst or SOC lead of west"),
        (Role.ADMINISTRATOR, GrantScope.ALL, "all", "SOC analyst or SOC lead of west"),
    ],
)
def test_only_the_soc_of_the_workspace_may_act(places, make_person, role, kind, scope, message):
    rows, scopes = places
    user = make_person(cast.SAM, (role, kind, scopes[scope]))
    reasons = reasons_against_acting(rows["west, Gdańsk"], by=user)
    assert message in " ".join(reasons) if message else reasons == []
    if message:
        with pytest.raises(CannotClose, match=message):
            close_incidents(incident_ids=[rows["west, Gdańsk"].pk], **BENIGN, by=user, now=NOON)
        assert not Incident.objects.filter(status=IncidentStatus.CLOSED).exists()


@pytest.mark.abuse("A15")
def test_incidents_of_a_workspace_out_of_reach_refuse_the_whole_act(places, make_person):
    rows, scopes = places
    user = make_person(cast.SAM, (Role.SOC_ANALYST, GrantScope.WORKSPACE, scopes["west"]))
    with pytest.raises(CannotClose, match="of east"):
        close_incidents(incident_ids=[row.pk for row in rows.values()], **BENIGN, by=user, now=NOON)


@pytest.mark.abuse("A15")
@pytest.mark.parametrize(
    ("columns", "message"), [({"gone_at": NOON}, "deleted in Sentinel"), ({"merged_into": 7}, "#7")]
)
def test_deleted_and_merged_incidents_can_only_be_read(desk, sam, columns, message):
    incident = desk.incident()
    Incident.objects.filter(pk=incident.pk).update(**columns)
    with pytest.raises(CannotClose, match=message):
        close_incidents(incident_ids=[incident.pk], **BENIGN, by=sam, now=NOON)


def test_the_last_of_many_incidents_is_looked_at_as_the_first(desk, sam):
    rows = [desk.incident() for _ in range(51)]
    last = max(rows, key=lambda row: row.pk)
    Incident.objects.filter(pk=last.pk).update(gone_at=NOON)
    with pytest.raises(CannotClose, match="deleted in Sentinel"):
        close_incidents(incident_ids=[row.pk for row in rows], **BENIGN, by=sam, now=NOON)


def test_what_is_not_there_cannot_be_acted_on(desk, sam):
    with pytest.raises(CannotClose, match="does not exist"):
        close_incidents(incident_ids=[0], **BENIGN, by=sam, now=NOON)


@pytest.mark.abuse("A15")
def test_nobody_changes_incidents_of_a_workspace_that_was_removed(places, make_person):
    rows, _ = places
    lead = make_person(cast.LEO, (Role.SOC_LEAD, GrantScope.ALL, None))
    remove_workspace(name="west", by="an administrator", now=NOON)
    row = Incident.objects.get(pk=rows["west, Gdańsk"].pk)
    assert reasons_against_acting(row, by=lead) == [
        "west was removed, so nothing can be changed there."
    ]
    with pytest.raises(CannotClose, match="removed"):
        close_incidents(incident_ids=[row.pk], by=lead, now=NOON, **BENIGN)
    assert not reasons_against_acting(rows["east, Porto"], by=lead)
