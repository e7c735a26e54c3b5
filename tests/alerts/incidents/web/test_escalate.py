"""After OT says suspicious, escalating comes first: one act that raises, assigns and tells."""

import re
from uuid import uuid4

import pytest

from alerts.incidents.acts.triage import assign_incidents
from alerts.incidents.models import Incident, IncidentRaw, OtState, Severity
from alerts.outbox.models import Change
from portal.accounts.models import GrantScope, Role
from portal.audit.models import Entry
from portal.notifications.models import Mail, Notification
from tests import cast
from tests.conftest import NOON
from tests.factories.incidents import make_incident, make_workspace

TITLE = "Unauthorized PLC Programming"


@pytest.fixture
def suspicious(gdansk, plant):
    return _incident(gdansk, plant, ot_state=OtState.SUSPICIOUS)


def _incident(workspace, site, **columns):
    row = make_incident(workspace, site_ids=[site.pk], title=TITLE, **columns)
    properties = {"title": TITLE, "severity": "Medium", "status": "New", "owner": {}, "labels": []}
    IncidentRaw.objects.create(incident=row, body={"name": row.name, "properties": properties})
    return row


def escalate(client, row, **values):
    data = {"incident": str(row.pk), "act": str(uuid4()), **values}
    return client.post("/incidents/act/escalate/", data, headers={"HX-Request": "true"})


def _buttons(page, area):
    """The words of the acts in a part of the page, primary ones with a star."""
    part = re.search(area, page, re.DOTALL)[0]
    found = re.findall(
        r'<a class="button([^"]*)" href="/incidents/act/[^>]*>.*?<span>([^<]+)</span>', part, re.S
    )
    return [("*" if "primary" in css else "") + words for css, words in found]


HEAD = r'<div class="page-head">.*?<div class="row row-wrap incident-facts">'
PANEL = r'<div class="row row-wrap panel-acts">.*?<details|<div class="row row-wrap panel-acts">.*'


@pytest.mark.parametrize(
    ("state", "first", "in_panel"),
    [
        (OtState.SUSPICIOUS, "*Escalate", "*Escalate"),
        (OtState.ROUTINE, "Assign", "Assign"),
        (OtState.WAITING, "Assign", "Assign"),
    ],
)
def test_the_first_button_after_suspicious_is_escalate(
    signed_in, sam, gdansk, plant, noon, state, first, in_panel
):
    row = _incident(gdansk, plant, ot_state=state)
    client = signed_in(sam)
    head = _buttons(client.get(f"/incidents/{row.pk}/").content.decode(), HEAD)
    assert head[0] == first
    assert "Escalate" in [word.lstrip("*") for word in head], "whatever OT has said"
    assert "Close…" in head
    panel = _buttons(client.get(f"/incidents/{row.pk}/panel").content.decode(), PANEL)
    assert panel[0] == in_panel
    assert ("*Close…" in panel) == (state == OtState.ROUTINE)


def test_one_act_raises_assigns_and_tells_the_lead(signed_in, sam, leo, suspicious, noon):
    answer = escalate(signed_in(sam), suspicious, note="Same laptop as last week.")
    assert "Notified: Leo Hartmann" in answer["HX-Trigger"]
    suspicious.refresh_from_db()
    assert (suspicious.severity, suspicious.owner_name) == (Severity.HIGH, sam.name)
    assert suspicious.is_escalated
    assert not suspicious.needs_escalation
    patch = Change.objects.get().patch
    assert patch["severity"] == "High"
    assert patch["labels_add"] == ["tagout:escalated"]
    assert patch["owner"]["email"] == sam.email
    (line,) = Notification.objects.all()
    assert (line.to, line.kind) == (leo, "incidents.escalated")
    assert line.subject == f"Escalated: #{suspicious.number} {TITLE}"
    assert "Same laptop as last week." in line.body
    assert "OT says: Suspicious." in line.body
    assert Mail.objects.get().address == leo.email
    item = suspicious.timeline.get()
    assert (item.code, item.details["told"]) == ("escalated", ["Leo Hartmann"])
    assert Entry.objects.filter(action="incidents.incident.escalated").count() == 1


def test_an_owner_is_kept(signed_in, sam, leo, suspicious, noon):
    assign_incidents(incident_ids=[suspicious.pk], to=leo, by=sam, now=NOON)
    escalate(signed_in(sam), suspicious)
    suspicious.refresh_from_db()
    assert suspicious.owner_name == leo.name


def test_undo_takes_all_of_it_back(signed_in, sam, leo, suspicious, noon):
    client = signed_in(sam)
    act = uuid4()
    escalate(client, suspicious, act=str(act))
    client.post(f"/incidents/undo/{act}/", headers={"HX-Request": "true"})
    suspicious.refresh_from_db()
    assert (suspicious.severity, suspicious.owner_name) == (Severity.MEDIUM, "")
    assert suspicious.needs_escalation
    assert not Notification.objects.exists()
    assert not Mail.objects.exists()
    page = client.get(f"/incidents/{suspicious.pk}/?tab=timeline").content.decode()
    assert "undid the escalation" in page


def test_only_leads_of_the_workspace_are_told_and_once_for_many(
    signed_in, sam, leo, make_person, gdansk, plant, noon
):
    elsewhere = make_workspace("porto")
    make_person(cast.MIA, (Role.SOC_LEAD, GrantScope.WORKSPACE, elsewhere.uuid))
    rows = [_incident(gdansk, plant, ot_state=OtState.SUSPICIOUS) for _ in range(3)]
    data = {"incident": [str(row.pk) for row in rows], "act": str(uuid4())}
    signed_in(sam).post("/incidents/act/escalate/", data, headers={"HX-Request": "true"})
    assert [line.to for line in Notification.objects.all()] == [leo]
    assert Incident.objects.filter(severity=Severity.HIGH).count() == 3


def test_the_dialog_says_what_will_happen(signed_in, sam, leo, suspicious, htmx, noon):
    client, path = signed_in(sam), f"/incidents/act/escalate/?incident={suspicious.pk}"
    for headers in (htmx, {}):
        words = " ".join(client.get(path, headers=headers).content.decode().split())
        for text in ("Medium → High", "you", "Leo Hartmann, in the inbox and by mail"):
            assert text in words
        assert re.search(r"<button [^>]*autofocus[^>]*>(?:(?!</button>).)*Escalate", words)


def test_without_a_lead_the_dialog_says_that_nobody_is_told(signed_in, sam, suspicious, noon):
    page = signed_in(sam).get(f"/incidents/act/escalate/?incident={suspicious.pk}")
    assert "nobody: no SOC lead covers this workspace" in page.content.decode()


def test_escalating_twice_or_when_closed_is_refused(signed_in, sam, leo, suspicious, noon):
    client = signed_in(sam)
    escalate(client, suspicious)
    again = escalate(client, suspicious)
    assert again.status_code == 422
    assert "Already escalated." in again.content.decode()
    Incident.objects.update(status=3, labels=[])
    assert "It is closed. Reopen it first." in escalate(client, suspicious).content.decode()


def test_ot_does_not_escalate(signed_in, oda, suspicious, noon):
    assert escalate(signed_in(oda), suspicious).status_code == 422
    assert not Change.objects.exists()


def test_closing_stays_possible_and_is_prefilled_as_true_positive(
    signed_in, sam, suspicious, htmx, noon
):
    path = f"/incidents/act/close/?incident={suspicious.pk}"
    dialog = signed_in(sam).get(path, headers=htmx).content.decode()
    assert re.search(r'value="TruePositive" checked', dialog)
