"""A row of the queue goes on while its form is open: nobody acts on what the form did not show."""

import html
import json
import re
from datetime import timedelta

import pytest

from alerts.incidents.acts import apply
from alerts.incidents.models import (
    ESCALATED_LABEL,
    Incident,
    IncidentStatus,
    OtState,
    Severity,
)
from alerts.incidents.web import targets
from alerts.outbox.models import Change
from tests.alerts.incidents.web.many import BENIGN, closed, text_of
from tests.conftest import NOON

HTMX = {"HX-Request": "true"}
CHANGED = "What this is about has changed since you opened the form."


def form_of(client, verb, about):
    """Open a form: its words, and the fields that it posts by itself."""
    answer = client.get(f"/incidents/act/{verb}/?{about}", headers=HTMX)
    return html.unescape(text_of(answer)), fields_of(answer)


def fields_of(answer):
    fields = {}
    for name, value in re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', answer.text):
        fields.setdefault(name, []).append(html.unescape(value))
    return fields


def post(client, verb, fields, **values):
    return client.post(f"/incidents/act/{verb}/", {**fields, **values}, headers=HTMX)


def members_of(row):
    return list(Incident.objects.filter(group_key=row.key).order_by("pk"))


def change(incident, **columns):
    Incident.objects.filter(pk=incident.pk).update(**columns)


@pytest.mark.parametrize("state", [OtState.SUSPICIOUS, OtState.WAITING])
def test_what_ot_said_since_the_form_was_opened_is_shown_before_it_is_closed(
    signed_in, sam, make_row, state
):
    client, row = signed_in(sam), make_row(3, ot_state=OtState.ROUTINE)
    _, fields = form_of(client, "close", f"group={row.key}")
    change(members_of(row)[0], ot_state=state)
    refused = post(client, "close", fields, **BENIGN)
    assert (refused.status_code, closed()) == (422, 0)
    assert CHANGED in text_of(refused) and ' id="act-form"' in refused.text
    assert "OT calls 1 of these" in text_of(refused) or "OT was asked" in text_of(refused)
    assert post(client, "close", fields_of(refused), **BENIGN).status_code == 204
    assert closed() == 3


def test_what_changed_while_somebody_waited_for_the_rows_is_shown_before_it_is_closed(
    signed_in, sam, make_row, monkeypatch
):
    client, row = signed_in(sam), make_row(3, ot_state=OtState.ROUTINE)
    _, fields = form_of(client, "close", f"group={row.key}")
    suspicious = members_of(row)[0]

    def wait_for_an_answer(ids):
        change(suspicious, ot_state=OtState.SUSPICIOUS)  # committed by whoever had the rows
        return lock(ids)

    lock = apply.lock_incidents_of_act
    for module in (apply, targets):
        monkeypatch.setattr(module, "lock_incidents_of_act", wait_for_an_answer, raising=False)
    refused = post(client, "close", fields, **BENIGN)
    assert (refused.status_code, closed()) == (422, 0)
    assert CHANGED in text_of(refused)


@pytest.mark.parametrize(
    ("verb", "values"),
    [("close", BENIGN), ("severity", {"severity": "4"}), ("assign", {"to": "me"})],
)
def test_what_came_in_after_the_form_was_opened_is_left_alone(
    signed_in, sam, make_row, verb, values
):
    client, row = signed_in(sam), make_row(4)
    late = members_of(row)[3]
    change(late, stored_at=NOON + timedelta(seconds=1))
    words, fields = form_of(client, verb, f"group={row.key}")
    assert "This acts on all 3 incidents." in words
    assert post(client, verb, fields, **values).status_code == 204
    changed = Change.objects.values_list("incident_name", flat=True)
    assert len(changed) == 3 and late.name not in changed


def test_what_joined_the_row_since_is_shown_first(signed_in, sam, make_row):
    client, row, other = signed_in(sam), make_row(2), make_row(1)
    _, fields = form_of(client, "close", f"group={row.key}")
    Incident.objects.filter(group_key=other.key).update(group_key=row.key)  # its details came
    refused = post(client, "close", fields, **BENIGN)
    assert (refused.status_code, closed()) == (422, 0)
    assert "This acts on all 3 incidents." in text_of(refused)


def test_who_closes_without_the_form_sees_it_where_it_warns(signed_in, sam, make_row):
    client, row = signed_in(sam), make_row(2, ot_state=OtState.SUSPICIOUS)
    refused = post(client, "close", {"group": str(row.key)}, **BENIGN)
    assert (refused.status_code, closed()) == (422, 0)
    assert refused.text.strip().startswith("<dialog") and "OT calls 2" in text_of(refused)


def test_who_reopens_reads_first_which_rule_stops(signed_in, sam, make_row):
    client, (by_rule, by_person) = signed_in(sam), members_of(make_row(2))
    Incident.objects.update(status=IncidentStatus.CLOSED, classification="BenignPositive")
    change(by_rule, closed_by="R-12")
    refused = post(client, "reopen", {"incident": str(by_rule.pk)})
    assert (refused.status_code, closed()) == (422, 2)
    assert "Was it real?" in text_of(refused)
    words, fields = form_of(client, "reopen", f"incident={by_rule.pk}")
    assert "R-12 closed it." in words and "R-12 stops for everybody" in words
    unanswered = post(client, "reopen", fields)
    assert (unanswered.status_code, closed()) == (422, 2)
    assert "Say whether it was real." in text_of(unanswered)
    left = post(client, "reopen", fields, was_real="no")
    assert (left.status_code, closed()) == (204, 2), "routine stays closed, its rule goes on"
    assert "R-12 goes on." in left["HX-Trigger"]
    assert "R-12 stops" in post(client, "reopen", fields, was_real="not-sure")["HX-Trigger"]
    assert closed() == 1
    page = client.get(f"/incidents/{by_rule.pk}/?tab=timeline").text
    assert "Not sure whether it was real." in page
    words, _ = form_of(client, "reopen", f"incident={by_person.pk}")
    assert "stops for everybody" not in words
    assert post(client, "reopen", {"incident": str(by_person.pk)}).status_code == 204


def test_a_form_that_is_sent_twice_acts_once_and_says_so(signed_in, sam, make_row):
    client, row = signed_in(sam), make_row(3)
    _, fields = form_of(client, "assign", f"group={row.key}")
    first, again = (post(client, "assign", fields, to="me") for _ in range(2))
    assert (first.status_code, again.status_code) == (204, 204)
    assert json.loads(again["HX-Trigger"])["toast"]["text"] == "This has been done already."
    assert Change.objects.count() == 3


def test_escalating_takes_no_more_than_was_shown(signed_in, sam, leo, make_row):
    client, row = signed_in(sam), make_row(5)
    suspicious = members_of(row)[:2]
    for incident in suspicious:
        change(incident, ot_state=OtState.SUSPICIOUS)
    words, fields = form_of(client, "escalate", f"group={row.key}")
    assert "This acts on all 2 incidents." in words
    for incident in suspicious:
        change(incident, ot_state=OtState.ROUTINE)
    refused = post(client, "escalate", fields)
    assert refused.status_code == 422 and not Change.objects.exists()
    assert "This acts on all 5 incidents." in text_of(refused)


def test_the_rest_of_a_row_can_be_escalated_after_what_ot_calls_suspicious(
    signed_in, sam, leo, make_row
):
    client, row = signed_in(sam), make_row(4, severity=Severity.HIGH)
    change(members_of(row)[0], ot_state=OtState.SUSPICIOUS, labels=[ESCALATED_LABEL])
    words, fields = form_of(client, "escalate", f"group={row.key}")
    assert "This acts on all 3 incidents." in words
    assert post(client, "escalate", fields).status_code == 204
    assert Change.objects.count() == 3


def test_no_chosen_row_is_dropped_because_another_is_suspicious(signed_in, sam, leo, make_row):
    client, rows = signed_in(sam), [make_row(2) for _ in range(3)]
    suspicious = members_of(rows[0])[0]
    change(suspicious, ot_state=OtState.SUSPICIOUS)
    words, _ = form_of(client, "escalate", "&".join(f"group={row.key}" for row in rows))
    assert "This acts on all 5 incidents." in words, "one of the first row, all of the others"
    picked = Incident.objects.values_list("pk", flat=True)
    words, _ = form_of(client, "escalate", "&".join(f"incident={pk}" for pk in picked))
    assert "This acts on all 6 incidents." in words


def test_whoever_takes_or_closes_a_row_reads_who_else_owns_part_of_it(
    signed_in, sam, leo, make_row
):
    client, row = signed_in(sam), make_row(5)
    first, second, own = members_of(row)[:3]
    for incident in (first, second):
        change(incident, owner_id=leo.email, owner_name=leo.name)
    change(own, owner_id=sam.email, owner_name=sam.name)
    for verb in ("assign", "close"):
        assert "Owned by others: Leo Hartmann ×2" in form_of(client, verb, f"group={row.key}")[0]
    refused = post(client, "assign", {"group": str(row.key)}, to="me")  # A A in the queue
    assert refused.status_code == 422 and not Change.objects.exists()
    assert refused.text.strip().startswith("<dialog")
    assert "Owned by others: Leo Hartmann ×2" in text_of(refused)
    assert post(client, "assign", fields_of(refused), to="me").status_code == 204
    assert set(Incident.objects.values_list("owner_name", flat=True)) == {sam.name}


def test_a_a_takes_at_once_what_nobody_else_owns(signed_in, sam, make_row):
    client, row = signed_in(sam), make_row(2)
    change(members_of(row)[0], owner_id=sam.email, owner_name=sam.name)
    assert post(client, "assign", {"group": str(row.key)}, to="me").status_code == 204
