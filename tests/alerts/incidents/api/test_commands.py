"""What the pages do, done by programs: same services, same refusals, on record as a token's."""

import pytest

from portal.audit.models import Entry
from tests.factories.incidents import make_incident, make_workspace

pytestmark = pytest.mark.django_db
CLOSE = {"classification": "BenignPositive", "reason": "SuspiciousButExpected", "comment": "Ours."}


@pytest.fixture
def does(asks, sam, incident):
    program = asks(sam)
    return lambda verb, body=None: program.post(f"incidents/{incident.pk}/{verb}/", body)


def test_closing_answers_with_the_incident_as_it_is_then(does):
    body = does("close", CLOSE).json()
    assert (body["status"], body["classification"]) == ("Closed", "BenignPositive")
    assert does("reopen").json()["status"] == "Active"


def test_the_record_says_that_a_token_did_it(does, sam):
    does("close", CLOSE)
    entry = Entry.objects.latest("seq")
    assert entry.action == "incidents.incident.closed" and entry.actor == sam
    assert entry.details["via_token"] and "with the token test" in entry.actor_label


@pytest.mark.parametrize(
    ("verb", "body", "member", "value"),
    [
        ("severity", {"severity": "High"}, "severity", "High"),
        ("escalate", {"note": "Look soon."}, "severity", "High"),
        ("escalate", None, "labels", ["tagout:escalated"]),
        ("label", {"add": ["one", "two"]}, "labels", ["one", "two"]),
        ("assign", {"to": "SAM@demo.example"}, "owner_email", "sam@demo.example"),
        ("comment", {"message": "Seen."}, "status", "New"),
    ],
)
def test_each_verb_shows_in_the_row(does, verb, body, member, value):
    answer = does(verb, body)
    assert answer.status_code == 200 and answer.json()[member] == value


def test_a_comment_is_there_from_the_moment_it_is_owed(asks, sam, incident):
    program = asks(sam)
    program.post(f"incidents/{incident.pk}/comment/", {"message": "Seen."})
    (row,) = program.get(f"incidents/{incident.pk}/comments/").json()["results"]
    assert row["author"] == "Sam Keller" and row["ours"] and "Seen." in row["message"]
    items = program.get(f"incidents/{incident.pk}/timeline/").json()["results"]
    assert items[0]["code"] == "commented" and items[0]["by"] == "Sam Keller"


@pytest.mark.parametrize(
    ("verb", "body", "status"),
    [
        ("close", CLOSE | {"reason": "InaccurateData"}, 409),
        ("close", CLOSE | {"classification": "x"}, 400),
        ("reopen", None, 409),
        ("severity", {"severity": "Unknown"}, 400),
        ("severity", {"severity": "Medium"}, 409),
        ("label", {}, 400),
        ("label", {"add": ["tagout-off"]}, 409),
        ("label", {"add": ["x" * 101]}, 400),
        ("assign", {}, 400),
        ("assign", {"to": "oda@demo.example"}, 400),
        ("assign", {"to": "nobody"}, 400),
        ("assign", {"to": None}, 409),
        ("comment", {"message": "  "}, 400),
    ],
)
def test_what_the_pages_refuse_is_refused(does, incident, verb, body, status):
    before = incident.changed_at
    assert does(verb, body).status_code == status
    incident.refresh_from_db()
    assert incident.changed_at == before


def test_ot_cannot_triage_and_nobody_touches_what_is_out_of_reach(asks, sam, oda, incident):
    assert asks(oda).get(f"incidents/{incident.pk}/").status_code == 200
    assert asks(oda).post(f"incidents/{incident.pk}/close/", CLOSE).status_code == 403
    foreign = make_incident(make_workspace("porto"))
    for verb in ("close", "assign", "label", "severity", "escalate", "comment", "reopen"):
        assert asks(sam).post(f"incidents/{foreign.pk}/{verb}/", {}).status_code == 404


def test_what_a_colleague_closed_otherwise_is_closed_anew_by_who_has_read_so(does):
    assert does("close", {"classification": "Undetermined"}).status_code == 200
    attack = {"classification": "TruePositive", "reason": "SuspiciousActivity"}
    refused = does("close", attack)
    assert refused.status_code == 409 and "in the meantime" in refused.json()["detail"]
    assert does("close", attack | {"instead_of": "BenignPositive"}).status_code == 409
    body = does("close", attack | {"instead_of": "Undetermined"}).json()
    assert body["classification"] == "TruePositive"


def test_what_ot_calls_suspicious_is_closed_otherwise_only_with_a_reason(does, incident):
    type(incident).objects.filter(pk=incident.pk).update(ot_state="suspicious")
    refused = does("close", {key: CLOSE[key] for key in ("classification", "reason")})
    assert refused.status_code == 409 and "Say in the comment why" in str(refused.json())
    assert does("close", CLOSE).status_code == 200
