"""The api-version of every call to Azure's resource manager, in one table.

Incidents, analytics rules and automation rules go by the preview: the stable version of the same
year does not declare members that Tagout lives on (the entities of the fifteen rules, labels as an
array, techniques, what an incident was merged into). Where a workspace refuses the preview, the
stable version is used there, and which version was accepted is kept.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from time import monotonic
from typing import Final, Protocol
from urllib.parse import parse_qs, urlsplit

from alerts.sentinel.client.errors import SentinelError

STABLE: Final = "2025-09-01"
PREVIEW: Final = "2025-10-01-preview"
# Of what lies elsewhere in the resource manager.
LOGIC: Final = "2019-05-01"
WEB: Final = "2024-04-01"  # Standard Logic Apps
CONNECTIONS: Final = "2016-06-01"  # the one that Microsoft.Web has for them
WORKSPACES: Final = "2022-10-01"
PROVIDERS: Final = "2021-04-01"
AUTHORIZATION: Final = "2022-04-01"
IOT_SECURITY: Final = "2021-02-01-preview"
VERSION: Final = re.compile(r"\d{4}-\d\d-\d\d(-preview)?")
_CACHE_SECONDS = 600.0  # until a process asks again which versions were accepted
_PARAMETER = re.compile(r"(?<=[?&]api-version=)[^&]*")
_SECURITY = "/providers/Microsoft.SecurityInsights/"
_REFUSALS = frozenset(
    {
        "InvalidApiVersion",
        "InvalidApiVersionParameter",
        "InvalidResourceType",  # the type is not in this version
        "NoRegisteredProviderFound",
        "UnsupportedApiVersion",
    }
)


class ApiEndpoint(StrEnum):
    """What lies below Microsoft.SecurityInsights, by its path without the names in it."""

    INCIDENTS = "incidents"
    INCIDENT_ALERTS = "incidents/alerts"
    INCIDENT_ENTITIES = "incidents/entities"
    COMMENTS = "incidents/comments"
    TASKS = "incidents/tasks"
    RUN_PLAYBOOK = "incidents/runPlaybook"
    AUTOMATION_RULES = "automationRules"
    ANALYTICS_RULES = "alertRules"
    RULE_RUNS = "alertRules/triggerRuleRun"
    CONNECTORS = "dataConnectors"
    REQUIREMENTS = "dataConnectorsCheckRequirements"
    SETTINGS = "settings"
    ONBOARDING = "onboardingStates"
    PACKAGES = "contentPackages"
    CATALOGUE = "contentProductPackages"
    TEMPLATES = "contentTemplates"
    WATCHLISTS = "watchlists"
    WATCHLIST_ITEMS = "watchlists/watchlistItems"


# Tried in this order. What has a second one works with it too, with less.
_VERSIONS: Final[Mapping[ApiEndpoint, tuple[str, ...]]] = {
    ApiEndpoint.INCIDENTS: (PREVIEW, STABLE),
    ApiEndpoint.INCIDENT_ALERTS: (STABLE,),
    ApiEndpoint.INCIDENT_ENTITIES: (PREVIEW, STABLE),  # only the preview has sites of IoT devices
    ApiEndpoint.COMMENTS: (STABLE,),
    ApiEndpoint.TASKS: (STABLE,),
    ApiEndpoint.RUN_PLAYBOOK: (STABLE,),
    ApiEndpoint.AUTOMATION_RULES: (PREVIEW, STABLE),
    ApiEndpoint.ANALYTICS_RULES: (PREVIEW, STABLE),
    ApiEndpoint.RULE_RUNS: (PREVIEW,),
    ApiEndpoint.CONNECTORS: (PREVIEW,),  # only the preview has the kind IOT
    ApiEndpoint.REQUIREMENTS: (PREVIEW,),
    ApiEndpoint.SETTINGS: (PREVIEW,),
    ApiEndpoint.ONBOARDING: (STABLE,),
    ApiEndpoint.PACKAGES: (STABLE,),
    ApiEndpoint.CATALOGUE: (STABLE,),
    ApiEndpoint.TEMPLATES: (STABLE,),
    ApiEndpoint.WATCHLISTS: (STABLE,),
    ApiEndpoint.WATCHLIST_ITEMS: (STABLE,),
}


def endpoint_of(*parts: str) -> ApiEndpoint:
    """Return the endpoint of a path whose every second part is a name."""
    return ApiEndpoint("/".join(parts[::2]))


def endpoint_in(url: str) -> ApiEndpoint | None:
    """Return the endpoint of an address; None for what lies elsewhere."""
    _, found, tail = urlsplit(url).path.partition(_SECURITY)
    try:
        return endpoint_of(*tail.split("/")) if found else None
    except ValueError:
        return None


def with_version(url: str, version: str) -> str:
    """Return an address with this api-version, which replaces another."""
    if _PARAMETER.search(url):
        return _PARAMETER.sub(version, url)
    return f"{url}{'&' if '?' in url else '?'}api-version={version}"


def is_refusal_of_version(error: SentinelError) -> bool:
    """Return whether Azure lacks the api-version, whatever was sent with it."""
    if error.status == 404:
        return error.code == "InvalidResourceType"
    text = error.message.casefold()
    is_named = "api-version" in text or "api version" in text
    return error.status == 400 and (error.code in _REFUSALS or is_named)


_preferred: dict[ApiEndpoint, str] = {}


def prefer_versions(versions: Mapping[str, str]) -> None:
    """Try these versions first, by the names of endpoints. Raises ValueError with a sentence."""
    chosen: dict[ApiEndpoint, str] = {}
    for name, version in versions.items():
        if name not in set(ApiEndpoint):
            raise ValueError(f"{name!r} is no endpoint. Use one of {', '.join(ApiEndpoint)}.")
        if not VERSION.fullmatch(version):
            raise ValueError(f"{version!r} is no api-version. Write it as {PREVIEW}.")
        chosen[ApiEndpoint(name)] = version
    _preferred.clear()
    _preferred.update(chosen)


def versions_of(endpoint: ApiEndpoint) -> tuple[str, ...]:
    """Return the versions of an endpoint in the order in which they are tried."""
    listed = _VERSIONS[endpoint]
    first = _preferred.get(endpoint, listed[0])
    return (first, *(version for version in listed if version != first))


def whole_version(endpoint: ApiEndpoint | None) -> str:
    """Return the version that declares all members of what is replaced whole: the preview, or a
    later preview that the settings name.
    """
    first = _preferred.get(endpoint, PREVIEW) if endpoint else PREVIEW
    return first if first.endswith("-preview") and first > PREVIEW else PREVIEW


@dataclass(frozen=True, slots=True)
class AcceptedVersion:
    """Which version of an endpoint a workspace took, and which one before it was refused."""

    endpoint: ApiEndpoint
    version: str
    refused: str = ""


class AcceptedVersions(Protocol):
    """Where the versions that one workspace accepted are kept."""

    def load(self) -> dict[ApiEndpoint, str]:
        """Return those that still count: a workspace is asked again in time."""

    def keep(self, accepted: AcceptedVersion) -> None:
        """Store what was accepted."""


class _Nowhere:
    """Keeps nothing, for a client without a database."""

    def load(self) -> dict[ApiEndpoint, str]:
        return {}

    def keep(self, accepted: AcceptedVersion) -> None:
        pass


class ApiVersions:
    """The versions that one client uses in its workspace."""

    def __init__(self, kept: AcceptedVersions | None = None) -> None:
        self._kept = kept or _Nowhere()
        self._accepted: dict[ApiEndpoint, str] = {}
        self._loaded_until = 0.0

    def version_of(self, endpoint: ApiEndpoint) -> str:
        """Return the version to use: the accepted one, else the first that is tried."""
        listed = versions_of(endpoint)
        if len(listed) > 1 and monotonic() >= self._loaded_until:
            self._accepted, self._loaded_until = self._kept.load(), monotonic() + _CACHE_SECONDS
        accepted = self._accepted.get(endpoint, listed[0])
        return accepted if accepted in listed else listed[0]

    def next_version(self, url: str) -> str:
        """Return the version to try where that of this address was refused; empty for none."""
        endpoint = endpoint_in(url)
        if endpoint is None:
            return ""
        listed, used = versions_of(endpoint), api_version_in(url)
        later = listed[listed.index(used) + 1 :] if used in listed else ()
        return later[0] if later else ""

    def note_accepted(self, url: str, *, refused: str = "") -> None:
        """Keep the version of this address, which the workspace has just answered to."""
        endpoint, version = endpoint_in(url), api_version_in(url)
        if endpoint is None or len(versions_of(endpoint)) == 1:
            return
        if self._accepted.get(endpoint) != version:
            self._accepted[endpoint] = version
            self._kept.keep(AcceptedVersion(endpoint, version, refused))


def api_version_in(url: str) -> str:
    """Return the api-version of an address; empty where it has none."""
    return parse_qs(urlsplit(url).query).get("api-version", [""])[0]


type MakeAcceptedVersions = Callable[[str], AcceptedVersions]
_make: list[MakeAcceptedVersions] = []


def provide_accepted_versions(make: MakeAcceptedVersions) -> None:
    """Have this function return where the versions of a workspace, by its name, are kept."""
    _make[:] = [make]


def api_versions_of(workspace: str) -> ApiVersions:
    """Return the versions of a workspace, which all processes keep together."""
    return ApiVersions(_make[0](workspace))
