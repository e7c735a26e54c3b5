"""Questions and verdicts by programs of both sides."""

import json
from copy import deepcopy

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from alerts.reviews.models import Question, Verdict
from alerts.reviews.services.questions import ask_ot
from portal.accounts.models import GrantScope, Role
from portal.api.schema import WIDE, api_description
from portal.audit.models import Entry
from tests import cast
from tests.architecture.tree import HOME
from tests.conftest import NOON, add_person
from tests.factories.incidents import make_site, make_workspace
from tests.program import Program, stored_incident
from tests.reuse import reuse_rows

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
ROUTINE = {"verdict": "routine", "cause": "other", "note": "Every Tuesday."}
QUESTION = {"question": "Was this you?"}


@reuse_rows
def workspace(db):
    return make_workspace()


@reuse_rows
def plant(db):
    return make_site()


@reuse_rows
def sam(workspace):
    return Program(add_person(cast.SAM, (Role.SOC_ANALYST, GrantScope.WORKSPACE, workspace.uuid)))


@reuse_rows
def oda(plant):
    return Program(add_person(cast.ODA, (Role.OT_ENGINEER, GrantScope.SITE, plant.uuid)))


@reuse_rows
def olaf(plant):
    return Program(add_person(cast.OLAF, (Role.OT_SITE_LEAD, GrantScope.SITE, plant.uuid)))


@reuse_rows
def incident(workspace, plant):
    return stored_incident(workspace, site_ids=[plant.pk], place="Gdańsk, Packaging 2")


@pytest.fixture
def asked(sam, oda, incident):
    return sam.post(f"incidents/{incident.pk}/ask/", QUESTION).json()


def test_asking_answers_the_question(asked, incident):
    assert asked["state"] == "waiting" and asked["site"] == "Gdańsk"
    assert asked["incidents"] == [incident.pk] and asked["asked_by"] == "Sam Keller"
    assert Entry.objects.latest("seq").details["via_token"]


def test_ot_reads_and_answers_it(oda, sam, asked, incident):
    listed = oda.get("reviews/", {"state": "waiting"}).json()["results"]
    assert [row["id"] for row in listed] == [asked["id"]]
    answer = oda.post(f"reviews/{asked['id']}/answer/", ROUTINE).json()
    assert answer["state"] == "answered"
    (verdict,) = sam.get("annotations/", {"review": asked["id"]}).json()["results"]
    assert (verdict["verdict"], verdict["by"], verdict["note"]) == (
        "routine",
        "Oda Nowak",
        "Every Tuesday.",
    )
    whole = sam.get(f"annotations/{verdict['id']}/").json()
    assert whole["incidents"] == [incident.pk]
    assert sam.get(f"incidents/{incident.pk}/").json()["ot_state"] == "routine"


def test_ot_judges_without_being_asked_and_supersedes(oda, incident):
    address = f"incidents/{incident.pk}/verdict/"
    assert oda.post(address, ROUTINE).json()["verdict"] == "routine"
    oda.post(address, {"verdict": "suspicious", "cause": "other", "note": "Not us."})
    in_force = oda.get("annotations/", {"in_force": "true"}).json()["results"]
    assert [row["verdict"] for row in in_force] == ["suspicious"]
    old = oda.get("annotations/", {"in_force": "false"}).json()["results"]
    assert old[0]["superseded_by"] == in_force[0]["id"]


def test_the_same_answer_sent_twice_is_one_verdict(oda, asked):
    for _ in range(2):
        answer = oda.post(f"reviews/{asked['id']}/answer/", ROUTINE, Idempotency_Key="form-1")
        assert answer.status_code == 200
    assert Verdict.objects.count() == 1


def test_a_question_is_handed_over_and_withdrawn(oda, olaf, sam, asked):
    address = f"reviews/{asked['id']}"
    handed = oda.post(f"{address}/hand-over/", {"to": "olaf@demo.example", "note": "Yours."})
    assert handed.json()["state"] == "waiting"
    assert sam.post(f"{address}/withdraw/").json()["state"] == "withdrawn"
    assert sam.post(f"{address}/withdraw/").status_code == 409
    assert oda.post(f"{address}/answer/", ROUTINE).status_code == 409


@pytest.mark.parametrize(
    ("verb", "body", "status"),
    [
        ("answer", ROUTINE | {"verdict": "fine"}, 400),
        ("answer", ROUTINE | {"cause": "no-such"}, 400),
        ("answer", ROUTINE | {"by": "leo", "site": 1}, 400),
        ("answer", {"verdict": "suspicious", "cause": "other"}, 409),
        ("hand-over", {"to": "nobody@demo.example"}, 409),
        ("hand-over", {}, 400),
        ("withdraw", {}, 403),
    ],
)
def test_what_ot_may_not_say(oda, asked, verb, body, status):
    assert oda.post(f"reviews/{asked['id']}/{verb}/", body).status_code == status
    assert Question.objects.get().state == "waiting"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"question": " "}, 400),
        (QUESTION | {"site": "Atlantis"}, 400),
        (QUESTION | {"site": "Gdańsk"}, 409),
    ],
)
def test_what_the_soc_may_not_ask(sam, oda, asked, incident, body, status):
    assert sam.post(f"incidents/{incident.pk}/ask/", body).status_code == status
    assert Question.objects.count() == 1


def test_an_answer_needs_its_own_scope(make_person, plant, asked):
    pia = make_person(cast.PIA, (Role.OT_ENGINEER, GrantScope.SITE, plant.uuid))
    address = f"reviews/{asked['id']}/answer/"
    assert Program(pia, "read", "incidents:write").post(address, ROUTINE).status_code == 403
    assert Program(pia, "reviews:write").post(address, ROUTINE).status_code == 200


def test_a_verdict_fits_its_published_schema(oda, incident):
    published = json.loads((HOME / "docs" / "schemas" / "annotation-1.json").read_text("utf-8"))
    described = deepcopy(api_description()["components"]["schemas"]["Annotation"]["properties"])
    for member in described.values():
        member["description"] = member["description"].removesuffix(WIDE)
    assert published["properties"] == described
    assert set(published["required"]) == set(described)
    verdict_json = oda.post(f"incidents/{incident.pk}/verdict/", ROUTINE).json()
    del verdict_json["data_age_seconds"]
    check = Draft202012Validator(published, format_checker=FormatChecker())
    assert [error.message for error in check.iter_errors(verdict_json)] == []


def test_an_answer_may_name_the_incidents_it_is_about(sam, oda, workspace, plant, incident):
    other = stored_incident(workspace, site_ids=[plant.pk], place="Gdańsk, Packaging 2")
    question = ask_ot(
        site_id=plant.pk,
        question="Was this you?",
        by=sam.token.owner,
        now=NOON,
        incident_ids=[incident.pk, other.pk],
    )
    answer = oda.post(
        f"reviews/{question.uuid}/answer/", ROUTINE | {"incidents": [other.pk]}
    ).json()
    assert (answer["state"], answer["waiting_incidents"]) == ("waiting", [incident.pk])
    assert answer["incidents"] == [incident.pk, other.pk]
    answer = oda.post(f"reviews/{question.uuid}/answer/", ROUTINE).json()
    assert (answer["state"], answer["waiting_incidents"]) == ("answered", [])


def test_a_verdict_on_one_incident_is_about_this_one(sam, oda, workspace, plant, incident):
    other = stored_incident(workspace, site_ids=[plant.pk], place="Gdańsk, Packaging 2")
    question = ask_ot(
        site_id=plant.pk,
        question="Was this you?",
        by=sam.token.owner,
        now=NOON,
        incident_ids=[incident.pk, other.pk],
    )
    answer = oda.post(f"incidents/{other.pk}/verdict/", ROUTINE).json()
    assert (answer["review"], answer["incidents"]) == (str(question.uuid), [other.pk])
    assert Question.objects.get().state == "waiting"
