"""Ask for signatures: all is checked, tested on history and frozen; from now on it is fixed."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext

from alerts.rules.guards.never import assets_of, needs_hours
from alerts.rules.guards.signing import FRESH, SigningSide, reasons_against_proposing
from alerts.rules.rule import NotARule, RuleDefinition, rule_hash
from alerts.rules.sentence import Sentence, listed
from alerts.rules.sql import rule_condition_sql
from alerts.suppression.backtesting.backtest import CannotBackTest, run_backtest
from alerts.suppression.drafting.enforcement_choice import SENTINEL, reasons_against_enforcement
from alerts.suppression.drafting.rule_reach import RuleReach, plant_of, reach_of_rule
from alerts.suppression.drafting.work_size import work_hours_by_site
from alerts.suppression.models import BackTestRun, RuleVersion, VersionState
from alerts.suppression.policies import PROPOSING, may_change, rights_to_sign
from alerts.suppression.signing.compiled_forms import compiled_forms
from alerts.suppression.signing.notify import notify_proposed
from alerts.suppression.signing.people import people_of_side
from alerts.suppression.signing.signing_context import (
    SigningAttempt,
    evidence_that_counts,
    give_signature,
    reasons_against_attempt,
)
from alerts.suppression.transitions import lock_version, move
from portal.accounts.models import User
from portal.audit.services import record
from portal.errors import Refused
from portal.text import visible_text
from portal.ui.words import number


class CannotProposeRule(Refused):
    """Nobody was asked to sign."""


@transaction.atomic
def propose_rule(
    *,
    version_id: int,
    by: User,
    note: str = "",
    now: datetime,
    proved_at: datetime | None = None,
    kind: str = "person",
    checked_evidence: bool = False,
    must_sign: bool = True,
) -> RuleVersion:
    """Propose a draft of one's own. Who holds a right to sign gives, by proposing, the signature
    of the own side (OT before the SOC) and can give no other; a token only proposes. Unless it
    `must_sign`, who has not just proved who they are proposes, and signs for that side later.
    """
    version = lock_version(version_id)
    if version.state != VersionState.DRAFT or version.made_by_id != by.pk:
        raise CannotProposeRule(gettext("You can only propose your own draft."))
    rule = _rule_of(version)
    reach = reach_of_rule(rule)
    version.workspace_ids, version.site_ids = list(reach.workspace_ids), list(reach.site_ids)
    if not may_change(by, version, PROPOSING):
        raise CannotProposeRule(
            gettext(
                "Only OT and SOC people of the sites and workspaces this rule reaches can "
                "propose it."
            )
        )
    if reasons := [
        *reasons_against_rule_now(rule, reach=reach, now=now),
        *reasons_against_grounds(version, rule=rule),
        *reasons_against_enforcement(rule),
    ]:
        raise CannotProposeRule(*reasons)
    try:
        test = run_backtest(rule=rule, now=now, by=by, rule_id=version.rule_id)
    except CannotBackTest as refusal:
        raise CannotProposeRule(*refusal.reasons) from None
    if reasons := reasons_against_test(test):
        raise CannotProposeRule(*reasons)
    side = side_by_proposing(version, by=by) if kind == "person" else None
    columns: dict[str, Any] = {
        "rule_hash": rule_hash(rule),
        "backtest": test,
        "forms": _forms(rule, version),
        "proposed_by": by,
        "proposed_at": now,
        "proposer_note": visible_text(note),
        "proposer_side": side.value if side else "",
        "workspace_ids": list(reach.workspace_ids),
        "site_ids": list(reach.site_ids),
    }
    for name, value in columns.items():
        setattr(version, name, value)
    if side and (must_sign or has_fresh_proof(proved_at, now=now)):
        attempt = SigningAttempt(
            side=side,
            by=by,
            seen_hash=version.rule_hash,
            proved_at=proved_at,
            note=note,
            checked_evidence=checked_evidence,
        )
        if reasons := reasons_against_attempt(version, attempt, signatures=(), now=now):
            raise CannotProposeRule(*reasons)
        give_signature(version, attempt, now=now)
    move(version, to=VersionState.PROPOSED, by=by, now=now, reason=visible_text(note), **columns)
    others = {
        person
        for other in SigningSide
        if other is not side
        for person in people_of_side(version, side=other)
    }
    notify_proposed(version, people=others - {by}, now=now)
    record(
        "suppression.rule.proposed",
        on=version,
        by=by,
        at=now,
        note=note,
        rule_hash=version.rule_hash,
        forms=version.forms,
        backtest=test.uuid,
        side=side,
    )
    return version


def reasons_against_rule_now(rule: RuleDefinition, *, reach: RuleReach, now: datetime) -> list[str]:
    """Return all that speaks against what the rule states, given the plant as it is now."""
    plant = plant_of(reach.site_ids, named=assets_of(rule))
    reasons = reasons_against_proposing(
        rule,
        now=now,
        plant_zones=plant.zones(reach.site_ids),
        criticality=plant.criticality(rule, reach.site_ids),
    )
    return [*reasons, *_reasons_against_works(rule, reach=reach, now=now)]


def _reasons_against_works(
    rule: RuleDefinition, *, reach: RuleReach, now: datetime
) -> list[Sentence]:
    """Return where the planned work that stands for the rule's hours takes too many of a week."""
    what = listed(needs_hours(rule), "and")
    return [
        Sentence("box.works", site=works.site, hours=works.hours, what=what, most=works.most)
        for works in work_hours_by_site(rule, site_ids=reach.site_ids, now=now)
        if works.is_too_wide
    ]


def reasons_against_grounds(version: RuleVersion, *, rule: RuleDefinition) -> list[str]:
    """Return why the evidence does not carry the rule, or its owners cannot own it."""
    reasons: list[str] = []
    evidence = evidence_that_counts(version)
    if rule.evidence and not evidence:
        reasons.append(gettext("None of the verdicts it rests on is still valid."))
    if any(verdict.kind in ("suspicious", "not-sure") for verdict in evidence):
        reasons.append(gettext("A rule can only rest on verdicts of routine or maintenance."))
    rules = [rule, *([version.amends.definition] if version.amends else [])]
    if evidence and not any(_covers_evidence(version, wording) for wording in rules):
        reasons.append(
            gettext("None of the chosen verdicts is about an alert that the rule matches.")
        )
    return reasons + _reasons_against_owners(version, rule)


def reasons_against_test(test: BackTestRun) -> list[str]:
    """Return what a back-test holds against the rule: its reach (S2), and matches not routine."""
    return [
        *(Sentence(code, **detail) for code, detail in test.reasons),
        *reasons_against_stops(test.body),
    ]


def reasons_against_stops(body: Mapping[str, Any]) -> list[str]:
    """Return what the body of a back-test holds against a rule that matches more than routine."""
    stops = body.get("stops", [])
    if not stops:
        return []
    words = gettext(
        "%(n)s of its matches were not routine. Narrow the rule until it no longer "
        "matches them, or have the verdict corrected."
    )
    return [words % {"n": number(len(stops))}]


def _rule_of(version: RuleVersion) -> RuleDefinition:
    try:
        return version.definition
    except NotARule as refusal:
        raise CannotProposeRule(*refusal.reasons) from None


def side_by_proposing(version: RuleVersion, *, by: User) -> SigningSide | None:
    """Return for which side this person signs by proposing; None for who may not sign."""
    rights = rights_to_sign(by, version)
    return (
        SigningSide.OT
        if SigningSide.OT in rights
        else SigningSide.SOC
        if SigningSide.SOC in rights
        else None
    )


def has_fresh_proof(proved_at: datetime | None, *, now: datetime) -> bool:
    """Whether a person has proved who they are so lately that they may sign."""
    return proved_at is not None and timedelta(0) <= now - proved_at <= FRESH


def _forms(rule: RuleDefinition, version: RuleVersion) -> dict[str, list[str]]:
    """Hashes of the forms that Sentinel gets, of a rule that it can hold exactly."""
    if rule.enforcement != SENTINEL:
        return {}
    found = compiled_forms(rule, rule=version.rule, workspace_ids=version.workspace_ids)
    return {name: form.hashes for name, form in found.items()}


def _covers_evidence(version: RuleVersion, rule: RuleDefinition) -> bool:
    piece = rule_condition_sql(rule)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT 1 FROM incidents_alerts a"
            " JOIN reviews_verdict_alerts n ON n.alert_id = a.id"
            " JOIN suppression_ruleversion_evidence e ON e.annotation_id = n.annotation_id"
            f" WHERE e.ruleversion_id = %s AND ({piece.text}))",
            [version.pk, *piece.params],
        )
        return bool(cursor.fetchone()[0])


def _reasons_against_owners(version: RuleVersion, rule: RuleDefinition) -> list[str]:
    """Owners are named by their addresses, and may sign for their side."""
    reasons = []
    for side, email in ((SigningSide.OT, rule.owner_ot), (SigningSide.SOC, rule.owner_soc)):
        if email and email.lower() not in {
            person.email for person in people_of_side(version, side=side)
        }:
            reasons.append(
                gettext(
                    "%(owner)s cannot own the rule for %(side)s. Choose somebody who may "
                    "sign for that side."
                )
                % {"owner": email, "side": side.label}
            )
    return reasons
