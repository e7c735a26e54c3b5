"""The client over the SDK keeps its limits and its manners, whatever the far end does."""

import gzip
import json
import socket
import time

import pytest

from alerts.sentinel.client.answers import error_for
from alerts.sentinel.client.azure import AzureSentinelClient
from alerts.sentinel.client.port import (
    ForeignHost,
    SentinelConflict,
    SentinelDenied,
    SentinelNotFound,
    SentinelRefused,
    SentinelThrottled,
    SentinelUnavailable,
)
from tests.alerts.sentinel.service import SECRET, SECRET_VARIABLE

EMPTY = {"value": []}


def test_it_signs_in_once_and_asks_the_versions_it_should(azure, service):
    name = service.sentinel.add_incident()
    azure.list_incidents()
    azure.list_entities(name)
    (sign_in,) = service.sign_ins
    assert sign_in["scope"][0].split()[0] == "https://management.azure.com/.default"
    (_, listed, token), (_, entities, _) = service.requests
    assert "api-version=2025-10-01-preview&" in listed
    assert entities.endswith("api-version=2025-10-01-preview")
    assert token == "Bearer token-1"


def test_a_proxy_of_the_environment_is_not_asked_for_this_machine(azure, service, monkeypatch):
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    azure.list_incidents()
    assert len(service.requests) == 1
    assert len(service.sign_ins) == 1


def test_throttling_carries_the_servers_own_wait_and_is_not_repeated(azure, service):
    error = {"error": {"code": "TooManyRequests", "message": "slow"}}
    service.spoil(lambda far: far.send(429, error, {"Retry-After": "3600"}))
    with pytest.raises(SentinelThrottled) as caught:
        azure.list_incidents()
    assert (caught.value.retry_after, caught.value.code) == (3600, "TooManyRequests")
    assert len(service.requests) == 1


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "-5"}, None),
        ({"Retry-After": "Wed, 25 Nov 99999999999999999999 10:02:00 GMT"}, None),
        ({"Retry-After": "Wed, 25 Nov 2026 10:02:00 GMT"}, "date"),
        ({"x-ms-retry-after-ms": "1500"}, 1.5),
    ],
)
def test_every_form_of_wait_is_understood(azure, service, headers, seconds):
    service.spoil(lambda far: far.send(429, {}, headers))
    with pytest.raises(SentinelThrottled) as caught:
        azure.list_incidents()
    if seconds == "date":
        assert caught.value.retry_after >= 0
    else:
        assert caught.value.retry_after == seconds
    assert len(service.requests) == 1


def test_an_accident_is_repeated_once_for_reads_only(azure, service):
    broken = [lambda far: far.send(503, {})] * 4
    service.spoil(broken[0])
    assert azure.list_incidents()
    assert len(service.requests) == 2
    service.spoil(*broken)
    with pytest.raises(SentinelUnavailable):
        azure.list_incidents()
    assert len(service.requests) == 4
    with pytest.raises(SentinelUnavailable):
        azure.put_comment("i", "c", {})
    assert len(service.requests) == 5


PLAYBOOK = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Logic/workflows/isolate"


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_the_start_of_a_playbook_is_never_repeated(azure, service, status):
    service.spoil(lambda far: far.send(status, {"error": {"code": "Busy"}}))
    with pytest.raises(SentinelUnavailable) as caught:
        azure.run_playbook("i", playbook=PLAYBOOK)
    assert not caught.value.was_not_sent
    assert len(service.requests) == 1


def test_a_start_that_nobody_took_up_is_known_not_to_have_been_sent(service):
    nobody = service.connection(endpoint="https://localhost:9")
    client = AzureSentinelClient(nobody)
    with pytest.raises(SentinelUnavailable) as caught:
        client.run_playbook("i", playbook=PLAYBOOK)
    client.close()
    assert caught.value.was_not_sent


@pytest.mark.parametrize("address", ["", "/subscriptions/s", PLAYBOOK + "/runs/1", "//elsewhere"])
def test_what_is_no_logic_app_is_not_asked_for(azure, service, address):
    for ask in (
        lambda: azure.list_playbook_runs(address),
        lambda: azure.run_playbook("i", playbook=address),
    ):
        with pytest.raises(SentinelRefused):
            ask()
    assert service.requests == []


def test_a_server_that_says_when_is_not_asked_before(azure, service):
    service.spoil(lambda far: far.send(503, {}, {"Retry-After": "7"}))
    with pytest.raises(SentinelUnavailable) as caught:
        azure.list_incidents()
    assert caught.value.retry_after == 7
    assert len(service.requests) == 1


@pytest.mark.parametrize("wait", ["soon", "", "120, 130", "Wed, 25 Nov 99999999999999999999"])
def test_a_wait_that_nobody_understands_is_none(azure, service, wait):
    for status in (200, 503):
        service.spoil(*[lambda far, s=status: far.send(s, EMPTY, {"Retry-After": wait})] * 2)
    assert azure.list_incidents() and azure.list_incidents()
    with pytest.raises(SentinelUnavailable) as caught:
        azure.list_incidents()
    assert caught.value.retry_after is None


def test_a_refused_token_is_renewed_once(azure, service):
    service.accepted = "token-2"
    azure.list_incidents()
    assert [token for _, _, token in service.requests] == ["Bearer token-1", "Bearer token-2"]
    service.accepted = "none of them"
    with pytest.raises(SentinelDenied) as caught:
        azure.list_incidents()
    assert (caught.value.status, caught.value.code) == (401, "ExpiredAuthenticationToken")
    assert len(service.requests) == 4


def test_a_missing_right_is_told_with_its_code(azure, service):
    service.spoil(lambda far: far.send(403, {"error": {"code": "AuthorizationFailed"}}))
    with pytest.raises(SentinelDenied) as caught:
        azure.list_incidents()
    assert (caught.value.status, caught.value.code) == (403, "AuthorizationFailed")


@pytest.mark.parametrize("status", [409, 412])
def test_both_signs_of_a_newer_edit_are_a_conflict(azure, service, status):
    service.spoil(lambda far: far.send(status, {}))
    with pytest.raises(SentinelConflict):
        azure.put_incident("i", {"etag": "x"})


def test_a_subscription_is_never_registered_by_us(azure, service):
    error = {"error": {"code": "MissingSubscriptionRegistration", "message": "not registered"}}
    service.spoil(lambda far: far.send(409, error))
    with pytest.raises(SentinelRefused, match="not registered"):
        azure.list_incidents()
    assert len(service.requests) == 1


@pytest.mark.abuse("A38")
@pytest.mark.parametrize(
    "link",
    [
        "https://attacker.example/subscriptions",
        "http://localhost:{port}/x",
        "https://localhost/x",
        "https://localhost:{port}@attacker.example/x",
        "https://localhost:{port}\\@attacker.example/x",
        "//localhost:{port}/x",
        "https://localhost:nonsense/x",
        "",
    ],
)
def test_a_link_to_another_host_is_not_followed(azure, service, link):
    with pytest.raises(ForeignHost):
        azure.list_incidents(next_link=link.replace("{port}", str(service.port)))
    assert service.requests == []
    assert service.sign_ins == []


@pytest.mark.abuse("A38")
@pytest.mark.parametrize(
    "address", ["169.254.169.254", "::ffff:169.254.169.254", "fe80::1", "224.0.0.1", "0.0.0.0"]
)
def test_a_name_that_leads_where_no_far_end_can_be_is_not_connected_to(
    azure, service, monkeypatch, address
):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    place = (address, service.port, 0, 0) if ":" in address else (address, service.port)
    monkeypatch.setattr(
        "socket.getaddrinfo", lambda *_: [(family, socket.SOCK_STREAM, 6, "", place)]
    )
    tried = []
    monkeypatch.setattr("socket.socket.connect", lambda _socket, at: tried.append(at))
    with pytest.raises(SentinelUnavailable):
        azure.list_incidents()
    assert tried == []


@pytest.mark.abuse("A38")
def test_a_name_that_leads_elsewhere_the_second_time_is_left_before_a_byte_is_sent(
    azure, service, monkeypatch
):
    monkeypatch.setattr("socket.socket.getpeername", lambda _socket: ("169.254.169.254", 443))
    with pytest.raises(SentinelUnavailable):
        azure.list_incidents()
    assert service.sign_ins == [] and service.requests == []


@pytest.mark.abuse("A38")
def test_a_redirect_is_not_followed(azure, service):
    service.spoil(lambda far: far.send(307, b"", {"Location": service.url + "/elsewhere"}))
    with pytest.raises(SentinelRefused, match="leads elsewhere"):
        azure.list_incidents()
    assert len(service.requests) == 1


@pytest.mark.parametrize("body", [b"", b"<html>updating</html>"])
def test_an_answer_that_is_no_json_is_no_success(azure, service, body):
    service.spoil(lambda far: far.send(200, body))
    with pytest.raises(SentinelUnavailable) as caught:
        azure.list_incidents()
    assert caught.value.code == "NotJson"


def test_an_answer_cut_short_is_no_answer(azure, service):
    def cut(far):
        far.send_response(200)
        far.send_header("Content-Length", "1000")
        far.end_headers()
        far.wfile.write(b'{"value":[')
        far.close_connection = True

    service.spoil(cut, cut)
    with pytest.raises(SentinelUnavailable):
        azure.list_incidents()


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: abc\r\n\r\n{}",
        b"HTTP/1.1 302 Found\r\nLocation: https://[::1/\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n",
        b"no answer at all\r\n\r\n",
    ],
)
def test_an_answer_against_all_rules_is_none(azure, service, answer):
    def break_the_rules(far):
        far.wfile.write(answer)
        far.close_connection = True

    service.spoil(*[break_the_rules] * 2)
    with pytest.raises(SentinelUnavailable):
        azure.list_incidents()


@pytest.mark.parametrize("token", ["\u20ac", "a\r\nX-More: b"])
def test_a_token_that_cannot_be_sent_is_no_error_of_ours(azure, service, token):
    token_body = {"access_token": token, "token_type": "Bearer", "expires_in": 3600}
    service.sign_in_spoils.append(lambda far: far.send(200, token_body))
    with pytest.raises((SentinelDenied, SentinelUnavailable)):
        azure.list_incidents()


def test_compressed_answers_are_unpacked_and_bombs_are_not(azure, service):
    packed = {"Content-Encoding": "gzip"}
    service.spoil(lambda far: far.send(200, gzip.compress(b'{"value":[]}'), packed))
    assert azure.list_incidents() == b'{"value":[]}'
    bomb = gzip.compress(b'{"value":["' + b"0" * 40_000_000)
    service.spoil(lambda far: far.send(200, bomb, packed))
    with pytest.raises(SentinelRefused, match="32 MB"):
        azure.list_incidents()
    service.spoil(lambda far: far.send(200, b"no gzip at all", packed))
    with pytest.raises(SentinelUnavailable):
        azure.list_incidents()


def test_a_far_end_that_drips_is_left_in_time(service):
    client = AzureSentinelClient(service.connection(), seconds=1.0)
    client.list_incidents()

    def drip(far):
        far.send_response(200)
        far.send_header("Content-Length", "100000")
        far.end_headers()
        while True:
            far.wfile.write(b" ")
            time.sleep(0.05)

    service.spoil(drip, drip)
    started = time.monotonic()
    with pytest.raises(SentinelUnavailable) as caught:
        client.list_incidents()
    assert caught.value.code == "TooSlow"
    assert time.monotonic() - started < 15  # not the minute and more that it would take
    client.close()


def test_an_answer_that_has_begun_may_take_longer_than_one_may_keep_us_waiting(
    azure, service, monkeypatch
):
    azure.list_incidents()
    monkeypatch.setattr("alerts.sentinel.client.calls.ANSWER_SECONDS", 0.5)

    def narrow(far):
        body = b'{"value": []}'
        far.send_response(200)
        far.send_header("Content-Length", str(len(body)))
        far.end_headers()
        for place in range(len(body)):
            far.wfile.write(body[place : place + 1])
            time.sleep(0.08)

    service.spoil(narrow)
    assert azure.list_incidents() == b'{"value": []}'


def test_a_write_may_keep_us_waiting_longer_than_a_read(azure, service, monkeypatch):
    azure.list_incidents()
    monkeypatch.setattr("alerts.sentinel.client.calls.ANSWER_SECONDS", 0.3)

    def late(far):
        time.sleep(0.6)
        far.send(200, {"etag": "new", "value": []})

    service.spoil(late)
    assert azure.put_incident("one", {"etag": "old"}).etag == "new"
    service.spoil(late, late)
    with pytest.raises(SentinelUnavailable) as caught:
        azure.list_incidents()
    assert caught.value.code == "TooSlow"


def test_nobody_listening_is_unavailable(service):
    client = AzureSentinelClient(service.connection())
    client.list_incidents()
    service.close()
    with pytest.raises(SentinelUnavailable):
        AzureSentinelClient(service.connection()).list_incidents()


def test_an_unknown_ca_is_refused_before_anything_is_sent(service):
    client = AzureSentinelClient(service.connection(ca_bundle=""))
    with pytest.raises(SentinelUnavailable) as caught:
        client.list_incidents()
    assert caught.value.code == "CertificateNotTrusted"
    assert service.sign_ins == service.requests == []


def test_a_refused_sign_in_says_why_and_hides_the_secret(azure, service):
    answer = {"error": "invalid_client", "error_description": "AADSTS7000222: expired " + SECRET}
    service.sign_in_spoils.append(lambda far: far.send(401, answer))
    with pytest.raises(SentinelDenied) as caught:
        azure.list_incidents()
    assert caught.value.code == "AADSTS7000222"
    assert SECRET not in str(caught.value)
    assert service.requests == []
    assert azure.list_incidents()


@pytest.mark.parametrize("status", [429, 500, 503])
@pytest.mark.parametrize("description", ["", "AADSTS90033: A transient error has occurred."])
def test_a_sign_in_service_in_trouble_is_no_refusal(azure, service, status, description):
    answer = {"error": "temporarily_unavailable", "error_description": description}
    service.sign_in_spoils.append(lambda far: far.send(status, answer))
    with pytest.raises(SentinelUnavailable):
        azure.list_incidents()


def test_a_token_that_still_holds_serves_while_the_sign_in_service_is_in_trouble(azure, service):
    last_minutes = {"access_token": "token-1", "token_type": "Bearer", "expires_in": 200}
    away = {"error": "temporarily_unavailable"}
    service.sign_in_spoils += [
        lambda far: far.send(200, last_minutes),
        lambda far: far.send(503, away),
        lambda far: far.send(401, {"error": "invalid_client"}),
    ]
    azure.list_incidents()
    azure.list_incidents()
    assert [token for _, _, token in service.requests] == ["Bearer token-1"] * 2
    with pytest.raises(SentinelDenied):
        azure.list_incidents()


def test_the_secret_is_read_at_use_also_from_a_file(azure, service, monkeypatch, tmp_path):
    monkeypatch.delenv(SECRET_VARIABLE)
    with pytest.raises(SentinelDenied, match=SECRET_VARIABLE):
        azure.list_incidents()
    file = tmp_path / "secret"
    file.write_text("from a file\n")
    monkeypatch.setenv(SECRET_VARIABLE + "_FILE", str(file))
    azure.list_incidents()
    assert service.sign_ins[0]["client_secret"] == ["from a file"]


def test_what_is_left_of_the_budgets_is_noted(azure, service):
    service.headers["x-ms-ratelimit-remaining-subscription-reads"] = "249"
    assert azure.probe().reads_left == 249
    assert azure.calls_left == {"subscription-reads": 249}


@pytest.mark.abuse("A38")
@pytest.mark.parametrize("name", ["..", ".", "", "a/../../b", "a?b#c%2f"])
def test_a_name_cannot_lead_out_of_the_workspace(azure, service, name):
    with pytest.raises((SentinelRefused, SentinelNotFound)):
        azure.get_incident(name)
    for _, path, _ in service.requests:
        assert path.rpartition("/")[0].endswith("/Microsoft.SecurityInsights/incidents")


@pytest.mark.abuse("A38")
def test_tokens_travel_over_tls_only(service):
    with pytest.raises(ValueError, match="https"):
        AzureSentinelClient(service.connection(endpoint="http://localhost:1"))


@pytest.mark.parametrize(
    ("code", "message", "is_of_the_workspace"),
    [
        ("NotFound", "It does not exist", False),
        ("ResourceNotFound", "The Resource 'Incidents/7c1f' was not found.", False),
        ("ResourceNotFound", "The Resource 'AutomationRules/7c1f' was not found.", False),
        ("ResourceNotFound", "The Resource 'workspaces/sentinel' was not found.", True),
        ("ResourceGroupNotFound", "Resource group 'plant' could not be found.", True),
        ("", "", False),
    ],
)
def test_what_was_not_found_is_told_apart(code, message, is_of_the_workspace):
    body = json.dumps({"error": {"code": code, "message": message}}).encode()
    error = error_for(404, {}, body)
    assert isinstance(error, SentinelNotFound)
    assert error.is_of_the_workspace is is_of_the_workspace
