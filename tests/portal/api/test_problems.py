"""Whatever goes wrong is one shape (RFC 9457)."""

import pytest
from django.db import OperationalError
from django.test import Client

from alerts.incidents.models import Incident
from tests.portal.api.test_who_asks import problem_of

pytestmark = pytest.mark.django_db
CLOSE = {"classification": "BenignPositive", "reason": "SuspiciousButExpected"}


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("incidents/0/", 404),
        ("incidents/99999999999999999999/", 404),
        ("incidents/x/", 404),
        ("incidents", 404),
        ("nothing/", 404),
        ("../v2/", 404),
        ("incidents/0/close/", 405),
    ],
)
def test_addresses_that_lead_nowhere(program, path, status):
    problem_of(program.get(path), status)


def test_other_methods_are_405_and_name_those_that_work(program, incident):
    for method in ("put", "patch", "delete", "options", "trace"):
        answer = getattr(program._client, method)(f"/api/v1/incidents/{incident.pk}/")
        problem_of(answer, 405)
        allowed = answer["Allow"].split(", ")
        assert "GET" in allowed and method.upper() not in allowed
    problem_of(program.post("incidents/"), 405)
    problem_of(program.post("nothing/"), 404)


@pytest.mark.parametrize(
    ("body", "members"),
    [
        ({}, {"classification"}),
        ({"classification": "Fine"}, {"classification"}),
        (CLOSE | {"approved_by": "ada", "state": "x"}, {"approved_by", "state"}),
        (CLOSE | {"is_staff": True}, {"is_staff"}),
        (CLOSE | {"comment": "x" * 2001}, {"comment"}),
        (CLOSE | {"comment": "nul\x00"}, {"comment"}),
        (CLOSE | {"comment": {"a": 1}}, {"comment"}),
        ([1, 2], {"body"}),
        ('"text"', {"body"}),
    ],
)
def test_bodies_that_make_no_sense_say_why_for_each_member(program, incident, body, members):
    answer = program.post(f"incidents/{incident.pk}/close/", body)
    problem_of(answer, 400)
    assert set(answer.json()["errors"]) == members
    assert not Incident.objects.filter(status=3).exists()


@pytest.mark.parametrize(
    ("raw", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b'{"a": NaN}', "application/json", 400),
        (b'{"comment": "\\ud800"}', "application/json", 400),
        (b"\xff", "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b"{}", "text/plain", 415),
        (b"a=b", "application/x-www-form-urlencoded", 415),
        (b'"' + b"x" * 3_000_000 + b'"', "application/json", 413),
    ],
)
def test_bodies_that_are_no_json(program, incident, raw, kind, status):
    address = f"/api/v1/incidents/{incident.pk}/close/"
    problem_of(program._client.post(address, raw, content_type=kind), status)


def test_a_refusal_is_409_with_its_reasons(program, incident):
    Incident.objects.update(merged_into=7)
    answer = program.post(f"incidents/{incident.pk}/close/", CLOSE)
    problem_of(answer, 409)
    assert any("#7" in reason for reason in answer.json()["reasons"])


def test_too_many_requests_say_how_long_to_wait(program, settings):
    settings.API_REQUESTS_A_MINUTE = 2
    answers = [program.get("incidents/") for _ in range(3)]
    assert [answer.status_code for answer in answers] in ([200, 200, 429], [200, 200, 200])
    late = program.get("incidents/")
    problem_of(late, 429)
    assert 1 <= int(late["Retry-After"]) <= 60


def test_a_database_that_does_not_answer_is_503(program, monkeypatch):
    def gone(*args, **kwargs):
        raise OperationalError("gone")

    monkeypatch.setattr("alerts.incidents.api.views.incidents_visible_to", gone)
    answer = program.get("incidents/")
    problem_of(answer, 503)
    assert answer["Retry-After"]


def test_our_own_mistake_is_500_with_a_reference_and_no_inside(program, monkeypatch):
    def broken(*args, **kwargs):
        raise KeyError("secret detail")

    monkeypatch.setattr("alerts.incidents.api.views.incidents_visible_to", broken)
    answer = program.get("incidents/")
    problem_of(answer, 500)
    assert answer.json()["reference"] and "secret" not in answer.text


def test_a_host_that_is_not_ours_is_a_problem_too(settings):
    settings.ALLOWED_HOSTS = ["tagout.example"]
    problem_of(Client().get("/api/v1/incidents/", headers={"Host": "evil.example"}), 400)


def test_every_answer_has_the_headers_of_a_page(program, incident):
    for answer in (program.get("incidents/"), program.get("incidents/0/"), program.get("none")):
        assert answer["Cache-Control"] == "no-store"
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'none'" in answer["Content-Security-Policy"]
