"""Versions of rules as rows in any state, signed and tested as that state asks for."""

from datetime import timedelta
from typing import Any

from django.db import transaction

from alerts.outbox.models import Landing, RuleKind, WantedRule
from alerts.rules.rule import RuleDefinition, as_json, rule_hash
from alerts.suppression.models import BackTestRun, LedgerEntry, Rule, RuleVersion, Step
from tests.factories.incidents import NOON, make_incident

_SIDES = {"changes-requested": (), "proposed": ("ot",)}  # of states without both signatures


def frozen_test(
    of: RuleDefinition, *, look_at: int | None = None, **changes: Any
) -> dict[str, Any]:
    """A back-test as the engine freezes it: 38 matches on Tuesdays, 24 judged, none suspicious."""
    start = NOON - timedelta(days=90)
    look = {
        "alert": 1,
        "incidents": [look_at] if look_at else [],
        "site": "Gdańsk",
        "at": "2026-10-06T04:41:00Z",
        "traits": {"source": "ENG-WS-02", "destination": "PLC-4", "protocol": "Siemens S7"},
        "verdicts": [],
        "times": 2,
        "unlike": 1.5,
        "why": "",
        "stoppers": [],
        "case": None,
        "reason": ["look.new_trait", {"label": "source", "value": "ENG-WS-02"}],
    }
    days = [start + timedelta(days=n) for n in range(91)]
    judged = {
        "trials": 24,
        "suspicious": 0,
        "by_verdict": {"routine": 20, "maintenance": 4},
        "limit": 0.117,
        "is_little": False,
        "words": "",
    }
    none = {"alerts": 0, "incidents": 0}
    totals = {
        "routine": {"alerts": 20, "incidents": 20},
        "maintenance": {"alerts": 4, "incidents": 4},
        "suspicious": none,
        "not-sure": none,
        "not-judged": {"alerts": 14, "incidents": 12},
    }
    return {
        "version": 1,
        "rule_hash": rule_hash(of),
        "start": start.isoformat(),
        "end": NOON.isoformat(),
        "ran_at": NOON.isoformat(),
        "alerts": 38,
        "incidents": 36,
        "after_each": [412, 61, 44, 40, 38],
        "per_day": [[day.date().isoformat(), 3 if day.weekday() == 1 else 0] for day in days],
        "closed_per_day": [
            [day.date().isoformat(), 3 if day.weekday() == 1 else 0] for day in days
        ],
        "sites": [{"site": "Gdańsk", "matched": 36, "incidents": 412, "share": 0.087}],
        "share_of_type": 0.62,
        "true_positives": 0,
        "stops": [],
        "judged": judged,
        "unjudged_alerts": 14,
        "check_these": [look],
        "nearest": [],
        "minutes_saved": 306.0,
        "evidence": judged,
        "outcome": judged,
        "total": 5210,
        "history_days": 120,
        "minutes_per_incident": 8.5,
        "deployed": [],
        "totals": totals,
        "shared_incidents": 0,
        "of_type": 61,
        "outside_hours": None,
        "incident_totals": {
            "matched": 36,
            "touched": 0,
            "shared": 0,
            "harmless": 24,
            "suspicious": 0,
            "closed_benign": 5,
            "not_judged": 7,
            "closed": 36,
        },
        "handling": {"minutes": 8.5, "closings": 64, "of": "all"},
    } | changes


@transaction.atomic  # a version that acts is signed when it is written
def signed_version(
    of: RuleDefinition,
    *,
    by: tuple[Any, Any],
    state: str = "live",
    at: Any = NOON,
    rule: Rule | None = None,
    sides: tuple[str, ...] = ("ot", "soc"),
    test: dict[str, Any] | None = None,
    signed_forms: list[str] | None = None,
    **columns: Any,
) -> RuleVersion:
    """A version that was tested and proposed, and that these sides have signed; `by` are the people
    of OT and of the SOC.
    """
    ot, soc = by
    rule = rule or Rule.objects.create(number=Rule.objects.count() + 1, made_by=ot, made_at=at)
    digest = rule_hash(of)
    backtest = BackTestRun.objects.create(
        rule=rule,
        rule_hash=digest,
        start=NOON - timedelta(days=90),
        end=NOON,
        ran_at=at,
        seconds=0.2,
        **{"history_days": 90, "body": {}} | (test or {}),
    )
    values = {
        "number": rule.versions.count() + 1,
        "state": state,
        "state_since": at,
        "title": of.title,
        "body": as_json(of),
        "rule_hash": digest,
        "enforcement": of.enforcement,
        "expires_at": of.expires_at,
        "made_by": ot,
        "made_at": at,
        "proposed_by": ot,
        "proposed_at": at,
        "proposer_side": "ot",
        "backtest": backtest,
    }
    version = RuleVersion.objects.create(rule=rule, **values | columns)
    for side in sides:
        version.signatures.create(
            side=side,
            by=ot if side == "ot" else soc,
            rule_hash=version.rule_hash,
            forms=signed_forms or [],
            signed_at=at,
        )
    return version


def make_version(
    state: str,
    *,
    of: RuleDefinition,
    ot: Any,
    soc: Any,
    workspace: Any,
    site: Any,
    rule: Rule | None = None,
    at: Any = NOON - timedelta(days=3),
    **columns: Any,
) -> RuleVersion:
    """A version that Oda (`ot`) made and proposed, with the signatures of its state."""
    if rule is None:
        rule = Rule.objects.create(number=Rule.objects.count() + 1, made_by=ot, made_at=at)
    where = {"workspace_ids": [workspace.pk], "site_ids": [site.pk]}
    if state == "draft":
        values = {
            "number": rule.versions.count() + 1,
            "state": state,
            "state_since": at,
            "title": of.title,
            "body": as_json(of),
            "expires_at": of.expires_at,
            "made_by": ot,
            "made_at": at,
        }
        version = RuleVersion.objects.create(rule=rule, **values | where | columns)
    else:
        look_at = make_incident(workspace, site_ids=[site.pk], source="ENG-WS-02").pk
        test = {"history_days": 120, "body": frozen_test(of, look_at=look_at)}
        version = signed_version(
            of,
            by=(ot, soc),
            state=state,
            at=at,
            rule=rule,
            sides=_SIDES.get(state, ("ot", "soc")),
            test=test,
            **where | columns,
        )
    Step.objects.create(version=version, to_state=state, at=at, by=ot, by_label=ot.name)
    return version


def make_entry(
    version: RuleVersion,
    *,
    workspace: Any,
    site: Any,
    act: str = "closed",
    at: Any = NOON - timedelta(hours=2),
    **columns: Any,
) -> LedgerEntry:
    """A line of the ledger, with the incident that it is about."""
    incident = make_incident(
        workspace,
        site_ids=[site.pk],
        place=site.name,
        source="ENG-WS-04",
        destination="PLC-4",
        status=3 if act == "closed" else 1,
        created_at=at,
    )
    values = {
        "where": "tagout",
        "reason": "Recipe downloads",
        "signed_ot": "Oda Nowak",
        "signed_soc": "Leo Hartmann",
    } | columns
    return LedgerEntry.objects.create(
        incident=incident,
        rule=version.rule,
        version=version,
        rule_hash=version.rule_hash,
        act=act,
        at=at,
        **values,
    )


def make_wanted(version: RuleVersion, *, workspace: Any, **columns: Any) -> WantedRule:
    """How the rule of a version stands in a workspace: as wanted, unless said otherwise."""
    values = {
        "name": version.rule.uuid,
        "kind": RuleKind.RULE,
        "about": version.rule.uuid,
        "label": version.rule.label,
        "wanted": {"a": 1},
        "wanted_at": NOON,
        "due_at": NOON,
        "outcome": Landing.LANDED,
    } | columns
    return WantedRule.objects.create(workspace=workspace, **values)
