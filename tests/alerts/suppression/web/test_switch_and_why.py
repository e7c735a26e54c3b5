"""Kill switch, deployments, why an incident was closed, and looking again."""

import pytest

from alerts.incidents.engine import catalogue
from alerts.incidents.models import Incident, IncidentStatus
from alerts.outbox.models import Landing, RuleKind
from alerts.suppression.models import LedgerEntry, RuleVersion, Stop
from portal.accounts.models import GrantScope, Role
from tests import cast
from tests.conftest import NOON
from tests.factories.incidents import make_alert, make_device, make_incident


@pytest.fixture
def chief(make_person):
    return make_person(cast.ADA, (Role.SOC_LEAD, GrantScope.ALL, None))


def post(client, person, address, **fields):
    client.force_login(person)
    return client.post(address, fields)


def test_one_click_switches_everything_off(client, chief, oda, noon, opened):
    assert "Off everywhere" in opened(chief, "/rules/off/")
    assert post(client, chief, "/rules/off/", where="all").status_code == 302
    assert Stop.objects.get().workspace is None
    assert "Suppression is off everywhere" in opened(oda, "/rules/")


def test_one_click_of_ot_stops_what_they_see(client, oda, noon, opened, make_version, workspace):
    assert "Off in all" not in opened(oda, "/rules/off/"), "no rule is about their site"
    assert post(client, oda, "/rules/off/", where="all").status_code == 422
    make_version("live")
    assert "Off in all workspaces below" in opened(oda, "/rules/off/")
    assert post(client, oda, "/rules/off/", where="all").status_code == 302
    assert Stop.objects.get().workspace == workspace
    assert f"Suppression is off in {workspace.name}" in opened(oda, "/rules/")


def test_one_workspace_is_switched_off_by_who_sees_it(client, sam, oda, noon, workspace):
    make = {"where": workspace.name, "reason": "Strange closes"}
    assert post(client, oda, "/rules/off/", **make).status_code == 404
    assert post(client, sam, "/rules/off/", **make).status_code == 302
    assert Stop.objects.get().workspace == workspace
    assert Stop.objects.get().reason == "Strange closes"


def test_who_only_reads_switches_nothing(client, mia, noon, opened):
    assert "Off everywhere" not in opened(mia, "/rules/off/")
    assert post(client, mia, "/rules/off/", where="all").status_code == 422
    assert not Stop.objects.exists()


def test_it_is_switched_on_by_the_lead_with_a_reason(client, leo, chief, noon, opened):
    post(client, chief, "/rules/off/", where="all")
    lift = f"/rules/off/{Stop.objects.get().pk}/lift/"
    assert "Switch on again" not in opened(leo, "/rules/off/")
    assert post(client, leo, lift, reason="All well").status_code == 422
    assert post(client, chief, lift, reason="").status_code == 422
    assert post(client, chief, lift, reason="All well").status_code == 302
    assert Stop.objects.get().lifted_by == chief


def test_a_refusal_is_shown_in_azures_own_words_on_rule_and_deployments(
    opened, make_version, stand_in_sentinel, sam, workspace
):
    version = make_version("live", enforcement="sentinel")
    stand_in_sentinel(version, Landing.REFUSED, latest_error="BadRequest: too many conditions")
    for address in ("/deployments/", f"/rules/{version.uuid}/"):
        page = opened(sam, address)
        assert f"Sentinel refused it in {workspace.name}:" in page
        assert "BadRequest: too many conditions" in page
    assert "Not live everywhere" in page


def test_where_sentinel_holds_no_rule_deployments_count_those_of_the_worker(
    opened, make_version, stand_in_sentinel, sam
):
    stand_in_sentinel(make_version("draft"), kind=RuleKind.GATE)
    assert "No Tagout rule belongs in this workspace." in opened(sam, "/deployments/")
    make_version("live")
    words = "Sentinel holds no rule of Tagout here: 1 acts by Tagout's own worker."
    assert words in " ".join(opened(sam, "/deployments/").split())


def test_deployments_of_places_one_does_not_see_are_not_shown(
    opened, make_version, stand_in_sentinel, pia
):
    stand_in_sentinel(make_version("live", enforcement="sentinel"))
    assert "R-1" not in opened(pia, "/deployments/")


def test_a_version_of_another_site_does_not_name_the_rule_on_deployments(
    opened, make_version, stand_in_sentinel, oda, leo, chief
):
    """Its live version is of her site; the next one is about another, which she does not see."""
    version = make_version("live", enforcement="sentinel")
    stand_in_sentinel(version)
    RuleVersion.objects.create(
        rule=version.rule,
        number=2,
        state="draft",
        state_since=NOON,
        title="Lisbon's gateways are polled",
        body={},
        made_by=leo,
        made_at=NOON,
        workspace_ids=[0],
        site_ids=[0],
    )
    assert "Lisbon" in opened(chief, "/deployments/")
    page = opened(oda, "/deployments/")
    assert "R-1" in page and version.title in page and "Lisbon" not in page


def test_a_closed_incident_says_by_which_rule_and_who_signed(opened, make_version, acted, oda):
    entry = acted(make_version("live"))
    Incident.objects.update(closed_by="R-1")
    page = opened(oda, f"/incidents/{entry.incident_id}/why-open/")
    for words in ("Why was this closed", "R-1", "Oda Nowak", "Leo Hartmann", "Recipe downloads"):
        assert words in page
    assert "Propose a rule from this incident" not in page, "it has one"
    page = opened(oda, f"/incidents/{entry.incident_id}/")
    assert f'hx-get="/incidents/{entry.incident_id}/why-open/"' in page


def test_what_a_person_closed_after_a_rule_was_not_closed_by_the_rule(
    opened, make_version, acted, oda
):
    entry = acted(make_version("paused"))
    Incident.objects.update(
        status=IncidentStatus.CLOSED, closed_by=""
    )  # reopened, then closed by Sam
    page = opened(oda, f"/incidents/{entry.incident_id}/why-open/")
    assert "Suppression rules" in page
    assert "Why was this closed" not in page


def test_an_open_incident_offers_to_propose_a_rule_to_those_who_may(
    opened, make_version, acted, oda, mia, pia
):
    entry = acted(make_version("canary"), act="tagged")
    address = f"/incidents/{entry.incident_id}/why-open/"
    assert "Propose a rule from this incident" in opened(oda, address)
    assert "Would have been closed by rule" in opened(oda, address)
    assert "Propose a rule from this incident" not in opened(mia, address)
    opened(pia, address, status=404)


@pytest.mark.parametrize(
    "alert_type", ["Suspicion of Conficker Malware", "Profinet Device Factory Reset"]
)
def test_what_always_reaches_a_person_offers_no_rule(
    opened, client, workspace, site, oda, alert_type
):
    assert catalogue.alert_type_for(alert_type).guard == "never"
    incident = make_incident(workspace, alert_type=alert_type, site_ids=[site.pk])
    page = opened(oda, f"/incidents/{incident.pk}/why-open/")
    assert "Propose a rule from this incident" not in page
    assert "No rule can be made for this." in page
    never = f"{alert_type} is on the never list: it always reaches a person."
    assert never in page
    answer = client.post(f"/incidents/{incident.pk}/draft-rule/", follow=True)
    assert never in answer.content.decode()
    assert not RuleVersion.objects.exists()


def test_a_true_positive_offers_no_rule(opened, client, workspace, site, oda):
    incident = make_incident(
        workspace, site_ids=[site.pk], status=IncidentStatus.CLOSED, classification="TruePositive"
    )
    page = opened(oda, f"/incidents/{incident.pk}/why-open/")
    assert "Propose a rule from this incident" not in page
    assert "This incident was closed as a true positive." in page
    client.post(f"/incidents/{incident.pk}/draft-rule/")
    assert not RuleVersion.objects.exists()
    Incident.objects.update(status=IncidentStatus.ACTIVE)  # reopened: what it was is no longer said
    assert "Propose a rule from this incident" in opened(oda, f"/incidents/{incident.pk}/why-open/")


def test_a_crown_jewel_among_the_devices_offers_no_rule(opened, workspace, site, oda):
    make_device(site, "PLC-7", "10.41.7.27", criticality="crown-jewel")
    incident = make_incident(workspace, source="ENG-WS-04", destination="PLC-7", site_ids=[site.pk])
    make_alert(incident)
    page = opened(oda, f"/incidents/{incident.pk}/why-open/")
    assert "PLC-7 is a crown jewel: what touches it always reaches a person." in page
    assert "Propose a rule from this incident" not in page


def test_a_line_is_ticked_off_once_by_who_may(client, make_version, acted, oda, mia, noon):
    entry = acted(make_version("paused"), review_again_at=NOON)
    address = f"/ledger/{entry.pk}/tick-off/"
    post(client, mia, address)
    assert LedgerEntry.objects.get().reviewed_at is None
    post(client, oda, address)
    assert LedgerEntry.objects.get().reviewed_at == NOON
    assert post(client, oda, address).status_code == 302
