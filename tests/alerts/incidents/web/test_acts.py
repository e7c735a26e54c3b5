"""What can be done to incidents from a page: refused, done, told and taken back."""

import json
import re
from uuid import uuid4

import pytest

from alerts.incidents.models import Incident, IncidentStatus, OtState, Severity, TimelineItem
from alerts.outbox.models import Change
from portal.accounts.models import GrantScope, Role
from tests import cast
from tests.conftest import NOON
from tests.factories.incidents import make_incident, make_queue_row


@pytest.fixture
def row(gdansk, plant):
    made = make_queue_row(gdansk, plant, n=3, title="PLC Stop Command Was Sent")
    for incident in Incident.objects.all():
        give_raw(incident)
    return made


def give_raw(incident):
    from alerts.incidents.models import IncidentRaw

    properties = {
        "title": incident.title,
        "severity": "Medium",
        "status": "New",
        "createdTimeUtc": "2026-11-24T12:00:00Z",
        "lastModifiedTimeUtc": "2026-11-24T12:00:00Z",
        "incidentNumber": incident.number,
        "owner": {},
        "labels": [],
    }
    body = {"name": incident.name, "etag": incident.etag, "properties": properties}
    IncidentRaw.objects.create(incident=incident, body=body)


def send(client, verb, row, *, part=True, **values):
    headers = {"HX-Request": "true"} if part else {}
    data = {"group": str(row.key), "act": str(uuid4()), **values}
    return client.post(f"/incidents/act/{verb}/", data, headers=headers)


def events_of(answer):
    return json.loads(answer["HX-Trigger"])


@pytest.mark.parametrize("verb", ["assign", "severity", "close", "reopen", "comment"])
def test_a_verb_is_a_page_and_a_dialog(signed_in, sam, row, verb, htmx, noon):
    client, path = signed_in(sam), f"/incidents/act/{verb}/?group={row.key}"
    page, dialog = client.get(path), client.get(path, headers=htmx)
    assert "<html" in page.content.decode()
    assert dialog.content.decode().strip().startswith("<dialog")
    assert "This acts on all 3 incidents." in dialog.content.decode()


@pytest.mark.parametrize(
    ("verb", "values", "words"),
    [
        ("assign", {}, "Choose a person."),
        ("assign", {"to": "somebody"}, "Choose a person."),
        ("severity", {"severity": ""}, "Choose a severity."),
        ("severity", {"severity": "9"}, "Select a valid choice"),
        ("close", {}, "Choose how it ended."),
        ("close", {"outcome": "Whatever"}, "Select a valid choice"),
        ("comment", {"message": " "}, "Write a comment first."),
        ("reopen", {}, "Already open."),
        ("severity", {"severity": "3"}, "Its severity is already Medium."),
    ],
)
def test_a_refused_form_says_why_and_changes_nothing(
    signed_in, sam, row, verb, values, words, noon
):
    for part in (True, False):
        answer = send(signed_in(sam), verb, row, part=part, **values)
        assert answer.status_code == 422
        assert words in answer.content.decode()
    assert not Change.objects.exists()


def test_acting_on_a_row_acts_on_all_of_it_and_says_so(signed_in, sam, row, noon):
    answer = send(signed_in(sam), "assign", row, to="me")
    assert answer.status_code == 204
    toast = events_of(answer)["toast"]
    assert toast["text"] == "Assigned to Sam Keller: PLC Stop Command Was Sent ×3"
    assert {"incidents-changed", "close-dialog"} <= set(events_of(answer))
    assert Change.objects.count() == 3
    assert set(Incident.objects.values_list("owner_name", flat=True)) == {"Sam Keller"}


def test_undo_brings_everything_back(signed_in, sam, row, noon):
    client = signed_in(sam)
    undo = events_of(send(client, "assign", row, to="me"))["toast"]["undo"]
    answer = client.post(undo, headers={"HX-Request": "true"})
    assert events_of(answer)["toast"]["text"] == "Undone for 3 incidents"
    assert set(Incident.objects.values_list("owner_name", flat=True)) == {""}
    late = client.post(undo, headers={"HX-Request": "true"})
    assert late.status_code == 409


def test_nobody_undoes_the_act_of_another(signed_in, sam, leo, row, noon):
    undo = events_of(send(signed_in(sam), "assign", row, to="me"))["toast"]["undo"]
    assert signed_in(leo).post(undo, headers={"HX-Request": "true"}).status_code == 409
    assert set(Incident.objects.values_list("owner_name", flat=True)) == {"Sam Keller"}


def test_a_form_sent_twice_acts_once(signed_in, sam, row, noon):
    act = str(uuid4())
    for _ in range(2):
        send(signed_in(sam), "comment", row, act=act, message="Seen.")
    assert Change.objects.count() == 3


def test_only_people_of_the_soc_there_can_be_given_it(signed_in, sam, leo, oda, row, noon):
    body = signed_in(sam).get(f"/incidents/act/assign/?group={row.key}").content.decode()
    options = re.findall(r"<option[^>]*>([^<]+)</option>", body)
    assert options == ["Choose a person", "Leo Hartmann", "Sam Keller", "Nobody"]
    answer = send(signed_in(sam), "assign", row, to=str(leo.uuid))
    assert events_of(answer)["toast"]["text"].startswith("Assigned to Leo Hartmann")


def test_closing_is_prefilled_from_the_verdict_and_names_people(
    signed_in, sam, oda, gdansk, plant, noon
):
    row = make_queue_row(gdansk, plant, ot_state=OtState.MAINTENANCE)
    incident = Incident.objects.get(pk=row.latest_id)
    give_raw(incident)
    TimelineItem.objects.create(
        incident=incident,
        at=NOON,
        side="ot",
        by=oda,
        code="answered",
        details={"verdict": "maintenance", "work_order": "WO-20917", "note": "Recipe loaded."},
    )
    body = signed_in(sam).get(f"/incidents/act/close/?group={row.key}").content.decode()
    assert 'value="BenignPositive" checked' in body
    answer = "OT (Oda Nowak): Maintenance, work order WO-20917. Recipe loaded."
    assert answer in body
    send(signed_in(sam), "close", row, outcome="BenignPositive", comment="As planned.")
    patch = Change.objects.get().patch
    assert (patch["classification"], patch["classificationReason"]) == (
        "BenignPositive",
        "SuspiciousButExpected",
    )
    text = patch["classificationComment"]
    assert text == f"As planned.\n{answer}\nClosed by Sam Keller in Tagout."
    incident.refresh_from_db()
    assert incident.status == IncidentStatus.CLOSED


def test_nothing_is_prefilled_where_ot_said_nothing(signed_in, sam, row, noon):
    body = signed_in(sam).get(f"/incidents/act/close/?group={row.key}").content.decode()
    assert not re.search(r'value="\w+" checked', body)


def test_whoever_closes_is_told_that_ot_was_asked(signed_in, sam, gdansk, plant, noon):
    waiting, other = (make_queue_row(gdansk, plant, ot_state=state) for state in ("waiting", ""))
    page = signed_in(sam)
    note = "OT was asked and has not answered yet."
    assert note in page.get(f"/incidents/act/close/?group={waiting.key}").content.decode()
    for verb, row in (("close", other), ("assign", waiting)):
        assert note not in page.get(f"/incidents/act/{verb}/?group={row.key}").content.decode()


def test_several_rows_are_one_act(signed_in, sam, gdansk, plant, noon):
    rows = [make_queue_row(gdansk, plant) for _ in range(2)]
    for incident in Incident.objects.all():
        give_raw(incident)
    answer = signed_in(sam).post(
        "/incidents/act/severity/",
        {"group": [str(row.key) for row in rows], "severity": str(int(Severity.HIGH))},
        headers={"HX-Request": "true"},
    )
    assert events_of(answer)["toast"]["text"] == "Severity set to High: 2 incidents"
    assert Change.objects.values("act").distinct().count() == 1


def test_without_scripts_a_form_goes_back_where_it_came_from(signed_in, sam, row, noon):
    client, goal = signed_in(sam), f"/incidents/{row.latest_id}/"
    answer = send(client, "assign", row, part=False, to="me", next=goal)
    assert (answer.status_code, answer["Location"]) == (302, goal)
    assert "Assigned to Sam Keller" in client.get(goal).content.decode()
    values = {"incident": row.latest_id, "message": "x", "next": "https://elsewhere.example/"}
    away = client.post("/incidents/act/comment/", values)
    assert away["Location"] == "/incidents/"


def test_who_only_reads_is_refused(signed_in, oda, row, noon):
    answer = send(signed_in(oda), "close", row, outcome="Undetermined")
    assert answer.status_code == 422
    assert "only the SOC changes and closes incidents" in answer.content.decode()


def test_a_row_that_is_gone_meanwhile_refreshes_the_list(signed_in, sam, row, htmx, noon):
    client = signed_in(sam)
    send(client, "severity", row, severity=str(Severity.HIGH))  # it is another row now
    answer = client.get(f"/incidents/act/close/?group={row.key}", headers=htmx)
    assert answer.status_code == 204
    assert (
        events_of(answer)["toast"]["text"]
        == "This row has changed in the meantime. Look at it again."
    )
    assert "incidents-changed" in events_of(answer)


def test_an_act_on_nothing_leads_back_and_says_what_to_do(signed_in, sam, noon):
    answer = signed_in(sam).get("/incidents/act/close/", follow=True)
    assert answer.redirect_chain == [("/incidents/", 302)]
    assert "Select the rows first." in answer.content.decode()


@pytest.mark.parametrize("query", ["group=x", "incident=x", "incident=999999"])
def test_an_act_on_what_nobody_has_is_not_there(signed_in, sam, query, noon):
    assert signed_in(sam).get(f"/incidents/act/close/?{query}").status_code == 404


def test_a_verb_that_does_not_exist_is_not_there(signed_in, sam, row, noon):
    assert signed_in(sam).get(f"/incidents/act/isolate/?group={row.key}").status_code == 404


def test_a_deleted_incident_refuses(signed_in, make_person, gdansk, noon):
    leo = make_person(cast.LEO, (Role.SOC_LEAD, GrantScope.ALL, None))
    gone = make_incident(gdansk, gone_at=NOON)
    answer = signed_in(leo).post("/incidents/act/comment/", {"incident": gone.pk, "message": "x"})
    assert answer.status_code == 422
    assert "was deleted in Sentinel" in answer.content.decode()


def test_a_form_that_saw_no_close_overrules_none(signed_in, sam, row, noon):
    """Two forms stand open; the second is told, and closes anew once it has seen the first."""
    client = signed_in(sam)
    assert "instead_of" not in client.get(f"/incidents/act/close/?group={row.key}").text
    ids = list(Incident.objects.values_list("pk", flat=True))
    send(client, "close", row, outcome="BenignPositive")
    data = {"incident": ids, "act": str(uuid4()), "outcome": "TruePositive"}
    answer = client.post("/incidents/act/close/", data)
    assert answer.status_code == 422
    assert "in the meantime" in answer.text
    assert set(Incident.objects.values_list("classification", flat=True)) == {"BenignPositive"}
    assert '<input type="hidden" name="instead_of" value="BenignPositive">' in answer.text
    data |= {"act": str(uuid4()), "instead_of": "BenignPositive"}
    assert client.post("/incidents/act/close/", data).status_code == 302
    assert set(Incident.objects.values_list("classification", flat=True)) == {"TruePositive"}
