"""Who gets a token, what a token is good for, and for how long."""

import base64
import json
import time

import pytest

from tests.simulator.conftest import Arm


def refusal(answer):
    return answer.status_code, answer.json()["error"]["code"]


def assertion(**claims):
    pieces = ({"alg": "RS256"}, claims)
    encoded = [base64.urlsafe_b64encode(json.dumps(piece).encode()).decode() for piece in pieces]
    return ".".join([*(piece.rstrip("=") for piece in encoded), "signature"])


def test_a_wrong_secret_is_refused_in_entras_words(shared_arm):
    answer = shared_arm.sign_in(client_secret="wrong")
    assert answer.status_code == 401
    assert answer.json()["error_codes"] == [7000215]


@pytest.mark.parametrize(
    ("changed", "number"),
    [
        ({"client_id": "nobody"}, 700016),
        ({"scope": "https://management.azure.com/read"}, 70011),
        ({"grant_type": "password"}, 70003),
    ],
)
def test_a_malformed_request_is_refused(shared_arm, changed, number):
    assert shared_arm.sign_in(**changed).json()["error_codes"] == [number]


def test_an_assertion_is_as_good_as_a_secret_while_it_lives(shared_arm):
    kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    form = {"client_secret": None, "client_assertion_type": kind}
    good = shared_arm.sign_in(**form, client_assertion=assertion(exp=time.time() + 60))
    late = shared_arm.sign_in(**form, client_assertion=assertion(exp=time.time() - 60))
    assert good.json()["token_type"] == "Bearer"
    assert late.json()["error_codes"] == [700024]


def test_calls_without_a_good_token_are_refused(arm):
    for token in ("", "x.y.z", arm.token[:-2] + "xx"):
        arm.token = token
        assert arm("GET", "/incidents").status_code == 401


def test_a_token_ends(arm, monkeypatch):
    monkeypatch.setattr(arm.running.simulator.azure.identities, "lifetime", 0)
    arm.token = arm.sign_in().json()["access_token"]
    answer = arm("GET", "/incidents")
    assert refusal(answer) == (401, "ExpiredAuthenticationToken")
    assert "invalid_token" in answer.headers["WWW-Authenticate"]


def test_tokens_can_be_made_worthless(arm, control):
    control.application("portal", revoke_tokens=True)
    assert refusal(arm("GET", "/incidents")) == (401, "InvalidAuthenticationToken")


def test_a_token_for_something_else_is_refused(arm):
    arm.token = arm.sign_in(scope="https://graph.microsoft.com/.default").json()["access_token"]
    assert refusal(arm("GET", "/incidents")) == (401, "InvalidAuthenticationToken")


def test_rights_can_be_taken_away(arm, control):
    control.application("portal", roles=["reader"])
    assert arm("GET", "/incidents").status_code == 200
    assert refusal(arm.put("x")) == (403, "AuthorizationFailed")
    control.application(
        "portal", roles=["contributor"], denied=["Microsoft.SecurityInsights/incidents/delete"]
    )
    assert arm.put("x").status_code == 201
    assert arm("DELETE", "/incidents/x").status_code == 403


def test_a_disabled_application_neither_signs_in_nor_calls(pretend, arm, control):
    control.application("portal", enabled=False)
    assert arm("GET", "/incidents").status_code == 401
    assert arm.sign_in().status_code == 401


def test_an_api_version_is_required(shared_arm):
    assert refusal(shared_arm("GET", "/incidents", version="")) == (
        400,
        "MissingApiVersionParameter",
    )
    assert refusal(shared_arm("GET", "/incidents", version="new")) == (
        400,
        "InvalidApiVersionParameter",
    )


def test_unknown_places_are_refused_by_name(shared_arm):
    place = shared_arm.workspace.security_path
    for piece, code in (
        (shared_arm.workspace.subscription_id, "SubscriptionNotFound"),
        (shared_arm.workspace.resource_group, "ResourceGroupNotFound"),
        (shared_arm.workspace.name, "ResourceNotFound"),
    ):
        answer = shared_arm("GET", "/incidents", at=place.replace(piece, "elsewhere"))
        assert refusal(answer) == (404, code)


def test_every_answer_names_its_request(pretend):
    reader = Arm(pretend, "reader")
    answer = reader("GET", "/incidents")
    assert answer.headers["x-ms-request-id"]
    assert int(answer.headers["x-ms-ratelimit-remaining-subscription-reads"]) > 0
    reader.link.close()
