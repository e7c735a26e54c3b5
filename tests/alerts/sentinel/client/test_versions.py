"""Each endpoint has its api-version, from one table; what a workspace accepted is kept."""

from datetime import timedelta

import pytest

from alerts.sentinel.client.azure import AzureSentinelClient
from alerts.sentinel.client.errors import SentinelRefused
from alerts.sentinel.client.prerequisites import Prerequisite, Writable
from alerts.sentinel.client.versions import (
    PREVIEW,
    STABLE,
    AcceptedVersion,
    ApiEndpoint,
    ApiVersions,
    api_version_in,
    endpoint_in,
    prefer_versions,
    versions_of,
)
from alerts.sentinel.queries import accepted_versions
from alerts.sentinel.services.api_versions import StoredVersions
from tests.conftest import NOON
from tests.factories.incidents import make_workspace

UNSUPPORTED = {
    "error": {
        "code": "NoRegisteredProviderFound",
        "message": "No registered resource provider found for API version '2025-10-01-preview'.",
    }
}


def refuses_the_version(far):
    far.send(400, UNSUPPORTED)


def stored_client(service):
    kept = StoredVersions("plant", clock=lambda: NOON)
    return AzureSentinelClient(service.connection(), versions=ApiVersions(kept))


def versions_asked(service):
    return [(endpoint_in(url), api_version_in(url)) for _, url, _ in service.requests]


def test_what_tagout_lives_on_is_read_and_written_by_the_preview(azure, service):
    name = service.sentinel.add_incident()
    service.spoil(*[lambda far: far.send(200, {"value": []})] * 3)
    azure.list_automation_rules()
    azure.read_prerequisite(Prerequisite.ANALYTICS_RULES)
    azure.put_prerequisite(Writable.ANALYTICS_RULE, "rule", {"kind": "Scheduled"})
    azure.get_incident(name)
    assert {version for _, version in versions_asked(service)} == {PREVIEW}


def test_a_workspace_without_the_preview_is_called_by_the_stable_version(azure, service):
    service.sentinel.add_incident()
    service.spoil(refuses_the_version)
    assert b"value" in azure.list_incidents()
    azure.list_incidents()
    assert [version for _, version in versions_asked(service)] == [PREVIEW, STABLE, STABLE]


def test_a_refusal_of_what_was_sent_is_no_refusal_of_the_version(azure, service):
    wrong = {"error": {"code": "BadRequest", "message": "Invalid value for arrayType."}}
    service.spoil(lambda far: far.send(400, wrong))
    with pytest.raises(SentinelRefused, match="arrayType"):
        azure.put_automation_rule("11111111-1111-4111-8111-111111111111", {"order": 1})
    assert len(service.requests) == 1


def test_what_has_one_version_is_refused_as_it_is(azure, service):
    service.spoil(refuses_the_version)
    with pytest.raises(SentinelRefused):
        azure.read_prerequisite(Prerequisite.CONNECTORS)
    assert len(service.requests) == 1


@pytest.mark.django_db
def test_the_version_that_was_accepted_is_kept_for_every_process(service):
    workspace = make_workspace("plant")
    assert accepted_versions([workspace.pk]) == {}
    service.spoil(refuses_the_version, lambda far: far.send(200, {"value": []}))
    first = stored_client(service)
    first.list_automation_rules()
    first.close()
    second = stored_client(service)
    service.spoil(lambda far: far.send(200, {"value": []}))
    second.list_automation_rules()
    second.close()
    assert [version for _, version in versions_asked(service)] == [PREVIEW, STABLE, STABLE]
    accepted = AcceptedVersion(ApiEndpoint.AUTOMATION_RULES, STABLE, refused=PREVIEW)
    assert accepted_versions([workspace.pk]) == {workspace.pk: [accepted]}


@pytest.mark.django_db
def test_a_workspace_is_asked_for_the_preview_again_after_a_day():
    make_workspace("plant")
    accepted = AcceptedVersion(ApiEndpoint.INCIDENTS, STABLE, refused=PREVIEW)
    StoredVersions("plant", clock=lambda: NOON).keep(accepted)
    later = StoredVersions("plant", clock=lambda: NOON + timedelta(days=1))
    assert later.load() == {}


def test_a_next_link_goes_on_by_the_version_of_its_endpoint(azure, service):
    link = (
        f"{service.url}{service.connection().path}/incidents?api-version=2021-10-01&$skipToken=a%2B"
    )
    service.spoil(lambda far: far.send(200, {"value": []}))
    azure.list_incidents(next_link=link)
    ((_, url, _),) = service.requests
    assert api_version_in(url) == PREVIEW
    assert url.endswith("&$skipToken=a%2B")


@pytest.fixture
def no_preference():
    yield
    prefer_versions({})


@pytest.mark.usefixtures("no_preference")
def test_a_setting_names_the_version_to_try_first():
    prefer_versions({"alertRules": "2026-01-01-preview"})
    assert versions_of(ApiEndpoint.ANALYTICS_RULES) == ("2026-01-01-preview", PREVIEW, STABLE)
    assert versions_of(ApiEndpoint.INCIDENTS) == (PREVIEW, STABLE)


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ({"alertrule": PREVIEW}, "'alertrule' is no endpoint"),
        ({"alertRules": "latest"}, "'latest' is no api-version"),
    ],
)
def test_a_setting_that_means_nothing_is_refused_with_a_sentence(setting, sentence):
    with pytest.raises(ValueError, match=sentence):
        prefer_versions(setting)
    assert versions_of(ApiEndpoint.ANALYTICS_RULES) == (PREVIEW, STABLE)
