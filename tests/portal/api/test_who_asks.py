"""A17: tokens that do not open the door; and the signed-in person, who does."""

from datetime import timedelta

import pytest
from django.test import Client

from portal.accounts.models import ApiToken, TokenScope, User
from portal.accounts.services.tokens import revoke_token
from tests.conftest import NOON
from tests.program import Program

pytestmark = pytest.mark.django_db
LIST = "/api/v1/incidents/"


def problem_of(answer, status):
    assert answer.status_code == status
    assert answer["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert (
        problem["status"] == status and problem["detail"] and problem["title"] and problem["type"]
    )
    return problem["detail"]


def expired(program):
    ApiToken.objects.update(expires_at=NOON, made_at=NOON - timedelta(days=1))


def revoked(program):
    revoke_token(token_id=program.token.pk, by="tests", now=NOON)


def disabled(program):
    User.objects.update(is_active=False)


@pytest.mark.abuse("A17")
@pytest.mark.parametrize(
    ("spoil", "text"), [(expired, "expired"), (revoked, "revoked"), (disabled, "no active account")]
)
def test_a_token_that_is_over_is_401_everywhere(program, incident, spoil, text):
    spoil(program)
    for path in ("incidents/", f"incidents/{incident.pk}/", "openapi.json"):
        assert text in problem_of(program.get(path), 401)
    answer = program.post(f"incidents/{incident.pk}/close/", {"classification": "Undetermined"})
    assert text in problem_of(answer, 401)
    assert answer["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.abuse("A17")
@pytest.mark.parametrize(
    "sent",
    [
        "Bearer",
        "Bearer ",
        "Bearer nonsense",
        "Bearer tagout_ab_cd",
        "Basic c2FtOnBhc3M=",
        "tagout_ab_cd",
        "Bearer " + "x" * 9000,
        "Bearer tagout_\u00e9_x",
    ],
)
def test_what_is_no_token_is_401_even_beside_a_session(client, sam, sent):
    client.force_login(sam)
    problem_of(client.get(LIST, headers={"Authorization": sent}), 401)


def test_nobody_is_401(client):
    assert "WWW-Authenticate" in client.get(LIST)
    problem_of(client.get(LIST), 401)


@pytest.mark.abuse("A17")
@pytest.mark.parametrize(
    ("scopes", "reads", "writes"),
    [
        (["read"], 200, 403),
        (["incidents:write"], 403, 200),
        (["reviews:write", "rules:write"], 403, 403),
        (["read", "incidents:write"], 200, 200),
    ],
)
def test_a_token_does_what_it_was_made_for(sam, noon, incident, scopes, reads, writes):
    program = Program(sam, *scopes)
    assert program.get("incidents/").status_code == reads
    answer = program.post(f"incidents/{incident.pk}/label/", {"add": ["seen"]})
    assert answer.status_code == writes
    if writes == 403:
        assert TokenScope.INCIDENTS_WRITE in problem_of(answer, 403)


@pytest.mark.abuse("A17")
def test_a_token_never_does_more_than_its_owner_may(make_person, noon, incident):
    from portal.accounts.models import GrantScope, Role
    from tests import cast

    mia = Program(make_person(cast.MIA, (Role.MANAGER, GrantScope.ALL, None)))
    assert mia.get(f"incidents/{incident.pk}/").status_code == 200
    answer = mia.post(f"incidents/{incident.pk}/label/", {"add": ["seen"]})
    assert "SOC analyst" in problem_of(answer, 403)


@pytest.mark.abuse("A17")
@pytest.mark.parametrize("name", ["token", "access_token", "api_key", "q"])
def test_a_token_in_the_address_is_refused_and_called_spoilt(client, program, name):
    for asker in (client, program._client):
        answer = asker.get(LIST, {name: program.secret})
        assert "rotate one that was sent" in problem_of(answer, 400)


def test_use_of_a_token_is_noted(program):
    program.get("incidents/")
    program.token.refresh_from_db()
    assert (program.token.used_at, program.token.used_from) == (NOON, "127.0.0.0/24")


def test_behind_a_proxy_the_use_of_a_token_names_the_network_of_the_client(program, settings):
    settings.TRUSTED_PROXIES = 1
    program._client.get(
        LIST,
        headers={
            "Authorization": f"Bearer {program.secret}",
            "X-Forwarded-For": "198.51.100.7, 203.0.113.9",
        },
    )
    program.token.refresh_from_db()
    assert program.token.used_from == "203.0.113.0/24"


def test_the_signed_in_person_needs_the_csrf_token_to_change_something(sam, noon, incident):
    client = Client(enforce_csrf_checks=True)
    client.force_login(sam)
    assert client.get(LIST).status_code == 200
    address, body = f"{LIST}{incident.pk}/label/", {"add": ["seen"]}
    answer = client.post(address, body, content_type="application/json")
    assert "X-CSRFToken" in problem_of(answer, 403)
    client.get("/tokens/")
    csrf = next(cookie.value for name, cookie in client.cookies.items() if "csrf" in name)
    answer = client.post(
        address, body, content_type="application/json", headers={"X-CSRFToken": csrf}
    )
    assert answer.status_code == 200
