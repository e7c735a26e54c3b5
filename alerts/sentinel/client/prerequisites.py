"""What is around a workspace: rights, plan, connector, content, rules, settings.

Reads and the three writes that make a workspace ready. The answers stay as they came.
"""

import re
from enum import StrEnum
from typing import Any, Protocol
from urllib.parse import quote

import orjson

from alerts.sentinel.client.azure_calls import AzureCalls
from alerts.sentinel.client.errors import SentinelRefused
from alerts.sentinel.client.versions import AUTHORIZATION, IOT_SECURITY, PROVIDERS, WORKSPACES

_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_GROUP = re.compile(r"/subscriptions/[0-9a-fA-F-]{36}/resourceGroups/[\w.()-]{1,90}", re.IGNORECASE)


class Prerequisite(StrEnum):
    """What can be read, one call each. Some are asked `of` a subscription, a resource group or a
    template.
    """

    WORKSPACE = "workspace"
    ONBOARDING = "onboarding"  # whether Sentinel is on
    PROVIDER = "provider"  # whether the subscription is registered for Sentinel
    RIGHTS = "rights"  # ours on the workspace
    CONNECTORS = "connectors"
    ANALYTICS_RULES = "analytics rules"
    PACKAGES = "packages"  # what is installed of the content hub
    CATALOGUE = "catalogue"  # what the content hub offers
    TEMPLATES = "templates"  # which templates the packages brought
    TEMPLATE = "template"  # of its name
    SETTINGS = "settings"  # UEBA, entity analytics, anomalies
    SUBSCRIPTION_RIGHTS = "subscription rights"  # of a subscription
    PLAN = "plan"  # of a subscription: Defender for IoT, and which workspaces it streams to
    REQUIREMENTS = "requirements"  # of a subscription: what the connector needs
    ROLE_ASSIGNMENTS = "role assignments"  # of a resource group, by its whole id
    GROUP_RIGHTS = "group rights"  # ours on a resource group, by its whole id


class Writable(StrEnum):
    """What can be written under a name of ours."""

    CONNECTOR = "dataConnectors"
    PACKAGE = "contentPackages"
    ANALYTICS_RULE = "alertRules"


_BELOW_SENTINEL = {
    Prerequisite.ONBOARDING: ("onboardingStates", "default"),
    Prerequisite.CONNECTORS: ("dataConnectors",),
    Prerequisite.ANALYTICS_RULES: ("alertRules",),
    Prerequisite.PACKAGES: ("contentPackages",),
    Prerequisite.CATALOGUE: ("contentProductPackages",),
    Prerequisite.TEMPLATES: ("contentTemplates",),
    Prerequisite.SETTINGS: ("settings",),
    Prerequisite.REQUIREMENTS: ("dataConnectorsCheckRequirements",),
}
_PERMISSIONS = "/providers/Microsoft.Authorization/permissions"
_PLAN = "/providers/Microsoft.IoTSecurity/defenderSettings"
_ASSIGNMENTS = "/providers/Microsoft.Authorization/roleAssignments"


class Prerequisites(AzureCalls, Protocol):
    """The part of a client for what is around a workspace."""

    def read_prerequisite(
        self, part: Prerequisite, *, of: str = "", next_link: str | None = None
    ) -> bytes:
        """One answer, or one page of a list; `next_link` is the link that a page returned."""
        if next_link is not None:
            return self._call("GET", self._followed(next_link))
        if part in _BELOW_SENTINEL or part is Prerequisite.TEMPLATE:
            url = self._url(*_parts(part, of))
        else:
            path, version = _address(self._workspace_path, part, of)
            url = f"{self._endpoint}{path}?api-version={version}"
        if part is not Prerequisite.REQUIREMENTS:
            return self._call("GET", url)
        question = f'{{"kind":"IOT","properties":{{"subscriptionId":"{of}"}}}}'
        return self._call("POST", url, question.encode())

    def put_prerequisite(self, kind: Writable, name: str, body: dict[str, Any]) -> bytes:
        """Write a whole resource and return what is there now. A body without an etag is meant
        to be new.
        """
        if not name.strip("."):
            raise SentinelRefused("A resource without a proper name cannot be written.")
        return self._call("PUT", self._url(kind.value, name), orjson.dumps(body))


def _parts(part: Prerequisite, of: str) -> tuple[str, ...]:
    """The path below Sentinel; refuses an `of` that is no such thing."""
    if part is Prerequisite.TEMPLATE:
        if not of.strip("."):
            raise _no_such_place(part, of)
        return "contentTemplates", of
    if part is Prerequisite.REQUIREMENTS:
        _subscription(of)
    return _BELOW_SENTINEL[part]


def _address(sentinel: str, part: Prerequisite, of: str) -> tuple[str, str]:
    """The path elsewhere and its api-version; refuses an `of` that is no such thing."""
    workspace = sentinel.removesuffix("/providers/Microsoft.SecurityInsights")
    match part:
        case Prerequisite.WORKSPACE:
            return workspace, WORKSPACES
        case Prerequisite.PROVIDER:
            subscription = workspace.partition("/resourceGroups/")[0]
            return f"{subscription}/providers/Microsoft.SecurityInsights", PROVIDERS
        case Prerequisite.RIGHTS:
            return workspace + _PERMISSIONS, AUTHORIZATION
        case Prerequisite.SUBSCRIPTION_RIGHTS:
            return _subscription(of) + _PERMISSIONS, AUTHORIZATION
        case Prerequisite.PLAN:
            return _subscription(of) + _PLAN, IOT_SECURITY
        case Prerequisite.ROLE_ASSIGNMENTS if _GROUP.fullmatch(of):
            return quote(of, safe="/") + _ASSIGNMENTS, AUTHORIZATION
        case Prerequisite.GROUP_RIGHTS if _GROUP.fullmatch(of):
            return quote(of, safe="/") + _PERMISSIONS, AUTHORIZATION
    raise _no_such_place(part, of)


def _no_such_place(part: Prerequisite, of: str) -> SentinelRefused:
    return SentinelRefused(f"{part} cannot be asked of {of[:100]!r}.", code="NoSuchPlace")


def _subscription(of: str) -> str:
    if not _GUID.fullmatch(of):
        raise SentinelRefused("A subscription is named by its GUID.", code="NoSuchPlace")
    return f"/subscriptions/{of}"
