"""Checks of the way in, each as a table: what was read, what follows, what is offered."""

import pytest

from alerts.readiness.engine import access_checks as access
from alerts.readiness.engine.readings import CheckRemedy
from alerts.readiness.engine.reasons import CheckReason
from alerts.sentinel.client.versions import AcceptedVersion, ApiEndpoint
from alerts.sentinel.engine.rights import CONNECTING, INCIDENTS, READ, RULES, SET_UP
from tests.alerts.readiness.engine.cases import (
    ELSEWHERE,
    FAILED,
    GDANSK,
    HERE,
    OK,
    PORTO,
    UNKNOWN,
    assert_judged,
    case,
    connector,
    grants,
    never,
    of_subscriptions,
    plan,
    readings,
    table,
)


def probe(**facts):
    return readings(probe_read=facts)


@table(
    never(),
    case("incidents", probe(has_incidents=True), OK, CheckReason.LISTS_INCIDENTS),
    case("an empty list", probe(has_incidents=False), OK, CheckReason.LISTS_NO_INCIDENT),
    case(
        "a wrong secret",
        probe(kind="sign-in", code="AADSTS7000215", error="No."),
        FAILED,
        CheckReason.SECRET_WRONG,
    ),
    case(
        "an expired secret",
        probe(kind="sign-in", code="AADSTS7000222"),
        FAILED,
        CheckReason.SECRET_WRONG,
    ),
    case(
        "an unknown application",
        probe(kind="sign-in", code="AADSTS700016"),
        FAILED,
        CheckReason.APPLICATION_UNKNOWN,
    ),
    case("no file", probe(code="CredentialMissing"), FAILED, CheckReason.CREDENTIAL_MISSING),
    case("no network", probe(code="SignInUnreachable"), FAILED, CheckReason.SIGN_IN_UNREACHABLE),
    case(
        "a proxy", probe(code="CertificateNotTrusted"), FAILED, CheckReason.CERTIFICATE_NOT_TRUSTED
    ),
    case(
        "another refusal",
        probe(kind="sign-in", code="AADSTS50034"),
        FAILED,
        CheckReason.SIGN_IN_REFUSED,
    ),
    case("too many calls", probe(kind="throttled", code="429"), FAILED, CheckReason.THROTTLED),
    case("no role", probe(kind="denied", code="Forbidden"), FAILED, CheckReason.DENIED),
    case(
        "no workspace", probe(kind="not found", code="404"), FAILED, CheckReason.WORKSPACE_NOT_FOUND
    ),
    case("silence", probe(kind="unreachable", code=""), FAILED, CheckReason.UNREACHABLE),
)
def test_reach(row):
    assert_judged(access.check_reach(row.read, READ)[-1], row)


def test_reach_is_judged_for_the_purpose_that_was_asked():
    read = readings(
        probe_read={"has_incidents": True}, probe_rules={"kind": "denied", "code": "Forbidden"}
    )
    states = {
        purpose: [check.state for check in access.check_reach(read, purpose)]
        for purpose in (READ, RULES)
    }
    assert states == {READ: [OK, OK], RULES: [OK, FAILED]}


ON, REGISTERED = {"is_on": True}, {"state": "Registered"}


@table(
    never(),
    case("on", readings(onboarding=ON, provider=REGISTERED), OK, CheckReason.SENTINEL_ON),
    case("off", readings(onboarding={"is_on": False}), FAILED, CheckReason.SENTINEL_OFF),
    case(
        "on, and not registered",
        readings(onboarding=ON, provider={"state": "NotRegistered"}),
        FAILED,
        CheckReason.PROVIDER_NOT_REGISTERED,
        state="NotRegistered",
    ),
)
def test_sentinel(row):
    assert_judged(access.check_sentinel(row.read), row)


@table(
    case("not known", readings(), UNKNOWN, CheckReason.PORTAL_UNKNOWN),
    case("Azure", readings(portal=False), OK, CheckReason.IN_AZURE, incident="#7"),
    case("Defender", readings(portal=True), OK, CheckReason.IN_DEFENDER, incident="#7"),
)
def test_portal(row):
    assert_judged(access.check_portal(row.read), row)


TAKEN = AcceptedVersion(ApiEndpoint.INCIDENTS, "2025-10-01-preview")
SECOND = AcceptedVersion(ApiEndpoint.ANALYTICS_RULES, "2025-09-01", refused="2025-10-01-preview")


@table(
    case("taken", readings(accepted=[TAKEN]), OK, CheckReason.VERSIONS_ACCEPTED),
    case(
        "one of two refused",
        readings(accepted=[TAKEN, SECOND]),
        FAILED,
        CheckReason.VERSION_REFUSED,
        names=["alertRules"],
        version="2025-09-01",
        refused="2025-10-01-preview",
    ),
)
def test_versions(row):
    (check,) = access.check_versions(row.read)
    assert_judged(check, row)
    assert access.check_versions(readings()) == [], "nothing was called yet"


@pytest.mark.parametrize(
    ("purpose", "read", "state", "reason"),
    [
        (READ, readings(), UNKNOWN, CheckReason.NOT_CHECKED),
        (READ, readings(rights_read=grants("*")), OK, CheckReason.ACTIONS_GRANTED),
        (READ, readings(rights_read=[]), FAILED, CheckReason.ACTIONS_MISSING),
        (READ, readings(rights_rules=grants("*")), UNKNOWN, CheckReason.NOT_CHECKED),
        (
            INCIDENTS,
            readings(rights_incidents=grants("*/read")),
            FAILED,
            CheckReason.ACTIONS_MISSING,
        ),
        (
            INCIDENTS,
            readings(rights_incidents=grants("*", without=["*/comments/write"])),
            FAILED,
            CheckReason.ACTIONS_MISSING,
        ),
        (RULES, readings(rights_rules=grants("*")), OK, CheckReason.ACTIONS_GRANTED),
        (SET_UP, readings(rights_rules=grants("*")), OK, CheckReason.ACTIONS_GRANTED),
        (SET_UP, readings(rights_rules=[]), OK, CheckReason.SETTING_UP_NOT_GRANTED),
        (
            READ,
            readings(rights_read=grants("*"), details={"refused": ["list_alerts"]}),
            FAILED,
            CheckReason.ACTIONS_MISSING,
        ),
        (
            INCIDENTS,
            readings(rights_incidents=grants("*"), details={"refused": ["list_alerts"]}),
            OK,
            CheckReason.ACTIONS_GRANTED,
        ),
    ],
)
def test_rights(purpose, read, state, reason):
    assert_judged(access.check_rights(read, purpose), case(purpose, read, state, reason))


@table(
    never(),
    case(
        "Contributor",
        of_subscriptions(subscription_rights_gdansk=grants(*CONNECTING)),
        OK,
        CheckReason.CONTRIBUTOR,
    ),
    case(
        "Reader",
        of_subscriptions(subscription_rights_gdansk=grants("*/read")),
        FAILED,
        CheckReason.NOT_CONTRIBUTOR,
        missing=list(CONNECTING),
    ),
    case(
        "Contributor of the other one",
        of_subscriptions(
            subscription_rights_gdansk=[], subscription_rights_porto=grants(*CONNECTING)
        ),
        FAILED,
        CheckReason.NOT_CONTRIBUTOR,
    ),
)
def test_subscription_rights(row):
    assert_judged(access.check_subscription_rights(row.read, GDANSK), row)


@table(
    never(),
    case("none", of_subscriptions(plan_gdansk=[]), FAILED, CheckReason.NO_PLAN),
    case(
        "streams into this workspace",
        of_subscriptions(plan_gdansk=plan(HERE)),
        OK,
        CheckReason.PLAN_STREAMS,
        quota=10,
    ),
    case(
        "streams into another one",
        of_subscriptions(plan_gdansk=plan(ELSEWHERE)),
        FAILED,
        CheckReason.PLAN_NOT_LINKED,
    ),
    case(
        "the second of two streams here",
        of_subscriptions(plan_gdansk=[*plan(ELSEWHERE), *plan(HERE)]),
        OK,
        CheckReason.PLAN_STREAMS,
    ),
    case(
        "its license has expired",
        of_subscriptions(plan_gdansk=plan(HERE), requirements_gdansk={"license": "Invalid"}),
        FAILED,
        CheckReason.NO_PLAN,
    ),
    case(
        "its license is good, that of the other subscription has expired",
        of_subscriptions(
            plan_gdansk=plan(HERE),
            requirements_gdansk={"license": "Valid"},
            requirements_porto={"license": "Invalid"},
        ),
        OK,
        CheckReason.PLAN_STREAMS,
        license="Valid",
    ),
    case(
        "the other subscription has one",
        of_subscriptions(plan_gdansk=[], plan_porto=plan(HERE)),
        FAILED,
        CheckReason.NO_PLAN,
    ),
)
def test_plan(row):
    assert_judged(access.check_plan(row.read, GDANSK), row)


@table(
    never(),
    case("none", readings(connectors=[]), FAILED, CheckReason.NOT_CONNECTED, CheckRemedy.CONNECT),
    case("of this one", readings(connectors=[connector(GDANSK)]), OK, CheckReason.CONNECTED),
    case("of all", readings(connectors=[connector("")]), OK, CheckReason.CONNECTED),
    case(
        "off",
        readings(connectors=[connector(GDANSK, is_on=False)]),
        FAILED,
        CheckReason.CONNECTOR_OFF,
        CheckRemedy.CONNECT,
    ),
    case(
        "of the other subscription",
        readings(connectors=[connector(PORTO)]),
        FAILED,
        CheckReason.NOT_CONNECTED,
        CheckRemedy.CONNECT,
    ),
    case(
        "off, that of the other subscription is on",
        readings(connectors=[connector(GDANSK, is_on=False), connector(PORTO)]),
        FAILED,
        CheckReason.CONNECTOR_OFF,
        CheckRemedy.CONNECT,
    ),
    case(
        "of another product",
        readings(connectors=[connector(GDANSK, kind="MicrosoftThreatProtection")]),
        FAILED,
        CheckReason.NOT_CONNECTED,
        CheckRemedy.CONNECT,
    ),
)
def test_connector(row):
    check = access.check_connector(row.read, GDANSK)
    assert_judged(check, row)
    assert check.about == GDANSK, "each subscription has a line of its own"
