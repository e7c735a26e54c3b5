"""Microsoft's own clients work against the simulator, unchanged."""

import json
import socket

from azure.core.rest import HttpRequest
from azure.identity import ClientSecretCredential
from azure.mgmt.securityinsight import SecurityInsightsMgmtClient

from simulator.running import listen


def client_for(pretend, credential):
    place = pretend.workspaces[0]
    return SecurityInsightsMgmtClient(
        credential,
        place.subscription_id,
        base_url=pretend.endpoint,
        connection_verify=str(pretend.ca_file),
        api_version="2025-09-01",
        retry_total=0,
    )


def credential_for(pretend, key="portal"):
    application = pretend.application(key)
    return ClientSecretCredential(
        pretend.workspaces[0].tenant_id,
        application.client_id,
        application.secret,
        authority=pretend.endpoint,
        disable_instance_discovery=True,
        connection_verify=str(pretend.ca_file),
    )


def test_azure_identity_signs_in_over_our_tls(pretend):
    with credential_for(pretend) as credential:
        token = credential.get_token("https://management.azure.com/.default")
    assert token.token.count(".") == 2


def test_the_sentinel_client_reads_and_writes_raw_requests(pretend):
    pretend.control.inject(properties={"title": "First"})
    path = f"{pretend.workspaces[0].security_path}/incidents?api-version=2025-09-01"
    with credential_for(pretend) as credential, client_for(pretend, credential) as client:
        listed = client.send_request(HttpRequest("GET", path))
        listed.raise_for_status()
        (resource,) = listed.json()["value"]
        resource["properties"]["severity"] = "High"
        changed = client.send_request(
            HttpRequest("PUT", f"{resource['id']}?api-version=2025-09-01", json=resource)
        )
        stale = client.send_request(
            HttpRequest("PUT", f"{resource['id']}?api-version=2025-09-01", json=resource)
        )
    assert (changed.status_code, changed.json()["properties"]["severity"]) == (200, "High")
    assert (stale.status_code, json.loads(stale.text())["error"]["code"]) == (409, "Conflict")


def test_the_typed_list_follows_pages(pretend):
    pretend.control.inject(count=120, properties={"title": "One of many"})
    place = pretend.workspaces[0]
    with credential_for(pretend) as credential, client_for(pretend, credential) as client:
        query_options = {
            "filter": "properties/createdTimeUtc ge 2026-11-24T05:00:00Z"
            " and properties/status eq 'New'",
            "orderby": "properties/lastModifiedTimeUtc asc",
            "top": 50,
        }
        for query in ({}, query_options):
            incidents = list(client.incidents.list(place.resource_group, place.name, **query))
            assert len({incident.name for incident in incidents}) == len(incidents) == 120


def test_answers_are_sent_at_once():
    with listen() as place:
        assert place.proto == socket.IPPROTO_TCP, "else asyncio holds each answer for 40 ms"
