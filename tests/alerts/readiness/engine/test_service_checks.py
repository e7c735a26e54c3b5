"""Checks of what lies beside incidents, each as a table: what was read, and what follows."""

import pytest

from alerts.readiness.engine import service_checks as services
from alerts.readiness.engine.readings import History
from alerts.readiness.engine.reasons import CheckReason
from alerts.sentinel.engine.rights import INCIDENTS, RULES
from tests.alerts.readiness.engine.cases import (
    ALL_RULES,
    FAILED,
    FUSION,
    GDANSK,
    NOON,
    OK,
    UNKNOWN,
    assert_judged,
    case,
    grants,
    never,
    readings,
    setting,
    table,
)

GROUPS = {name: f"/subscriptions/{GDANSK}/resourceGroups/{name}" for name in ("one", "two")}


@table(
    never(),
    case("on", readings(analytics_rules=[FUSION]), OK, CheckReason.FUSION_ON),
    case(
        "off",
        readings(analytics_rules=[FUSION | {"enabled": False}]),
        FAILED,
        CheckReason.FUSION_OFF,
    ),
    case("others are on", readings(analytics_rules=ALL_RULES), FAILED, CheckReason.FUSION_OFF),
    case("in Defender", readings(analytics_rules=[], portal=True), OK, CheckReason.FUSION_REPLACED),
)
def test_fusion(row):
    assert_judged(services.check_fusion(row.read), row)


@table(
    never(),
    case(
        "on",
        readings(settings=[setting("Ueba", "SigninLogs")]),
        OK,
        CheckReason.UEBA_ON,
        sources=["SigninLogs"],
    ),
    case("without a source", readings(settings=[setting("Ueba")]), FAILED, CheckReason.UEBA_OFF),
    case(
        "off",
        readings(settings=[setting("Ueba", "SigninLogs", is_on=False)]),
        FAILED,
        CheckReason.UEBA_OFF,
    ),
    case(
        "another setting has sources",
        readings(settings=[setting("EntityAnalytics", "ActiveDirectory")]),
        FAILED,
        CheckReason.UEBA_OFF,
    ),
)
def test_ueba(row):
    assert_judged(services.check_ueba(row.read), row)


def assignment(role=services.AUTOMATION_CONTRIBUTOR, principal="sentinel"):
    return {"role": role, "principal": principal}


READER = assignment(role="acdd72a7-3385-48ef-bd42-f606fba81ae7", principal="somebody")


def of_groups(**assignments):
    """Role assignments of up to two resource groups of playbooks."""
    facts = {f"role assignments {GROUPS[name]}": rows for name, rows in assignments.items()}
    return readings(playbook_groups=[GROUPS[name] for name in assignments], **facts)


@table(
    never(),
    case("no playbook", readings(playbook_groups=[]), OK, CheckReason.NO_PLAYBOOK_RULE),
    case(
        "groups of which nothing was read",
        readings(playbook_groups=list(GROUPS.values())),
        UNKNOWN,
        CheckReason.NOT_CHECKED,
    ),
    case(
        "allowed",
        of_groups(one=[READER, assignment()]),
        OK,
        CheckReason.PLAYBOOKS_ALLOWED,
        groups=["one"],
        principals=["sentinel"],
    ),
    case("nobody", of_groups(one=[]), FAILED, CheckReason.PLAYBOOKS_REFUSED),
    case(
        "somebody has another role",
        of_groups(one=[READER]),
        FAILED,
        CheckReason.PLAYBOOKS_REFUSED,
        groups=["one"],
        principals=[],
    ),
    case(
        "allowed in the first of two groups",
        of_groups(one=[assignment()], two=[READER]),
        FAILED,
        CheckReason.PLAYBOOKS_REFUSED,
        groups=["two"],
    ),
    case(
        "allowed in the second of two groups",
        of_groups(one=[READER], two=[assignment()]),
        FAILED,
        CheckReason.PLAYBOOKS_REFUSED,
        groups=["one"],
    ),
)
def test_playbooks(row):
    assert_judged(services.check_playbooks(row.read), row)


def rights_on(purpose, **by_group):
    """What a purpose may do in up to two resource groups with playbooks of the Consumption plan."""
    facts = {f"rights {purpose} {GROUPS[name]}": entries for name, entries in by_group.items()}
    facts[f"playbooks {purpose}"] = {GROUPS[name]: [False] for name in by_group}
    return readings(**facts)


@table(
    case("all", rights_on(RULES, one=grants("*")), OK, CheckReason.PLAYBOOK_ACTIONS_GRANTED),
    case("none", rights_on(RULES, one=[]), FAILED, CheckReason.PLAYBOOK_ACTIONS_MISSING),
    case(
        "in the first of two groups only",
        rights_on(RULES, one=grants("*"), two=[]),
        FAILED,
        CheckReason.PLAYBOOK_ACTIONS_MISSING,
    ),
    case(
        "in the second of two groups only",
        rights_on(RULES, one=[], two=grants("*")),
        FAILED,
        CheckReason.PLAYBOOK_ACTIONS_MISSING,
    ),
)
def test_playbook_rights(row):
    (check,) = services.check_playbook_rights(row.read, RULES)
    assert_judged(check, row)


def test_rights_on_playbooks_are_judged_of_the_purpose_that_knows_any():
    read = rights_on(INCIDENTS, one=grants("*"))
    assert services.check_playbook_rights(read, RULES) == []
    assert len(services.check_playbook_rights(read, INCIDENTS)) == 1


WELL = History(workspace="ot", incidents=9, analysts=2, sites=("Gdańsk", "Porto"), answered=3)


@pytest.mark.parametrize(
    ("history", "soc", "ot", "answer"),
    [
        (WELL, (OK, CheckReason.SOC_THERE), (OK, CheckReason.OT_THERE), (OK, CheckReason.ANSWERED)),
        (
            History(),
            (FAILED, CheckReason.SOC_MISSING),
            (UNKNOWN, CheckReason.NO_SITE_YET),
            (UNKNOWN, CheckReason.NO_INCIDENT_YET),
        ),
        (
            History(
                incidents=9, analysts=1, sites=("Gdańsk", "Porto"), sites_without_ot=("Porto",)
            ),
            (OK, CheckReason.SOC_THERE),
            (FAILED, CheckReason.OT_MISSING),
            (UNKNOWN, CheckReason.NONE_ANSWERED),
        ),
    ],
    ids=["well", "empty", "one of two sites without OT"],
)
def test_people(history, soc, ot, answer):
    checks = services.check_people(history, now=NOON)
    assert [(check.state, check.reason) for check in checks] == [soc, ot, answer]


def test_of_two_sites_the_one_without_ot_is_named():
    history = History(sites=("Gdańsk", "Porto"), sites_without_ot=("Porto",))
    values = services.check_people(history, now=NOON)[1].values
    assert (values["names"], values["site"]) == (["Porto"], "Porto")
