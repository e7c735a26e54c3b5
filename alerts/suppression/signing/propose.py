"""Ask for signatures: all is checked, tested on history and frozen; from now on it is fixed."""

from datetime import datetime

from django.db import connection, transaction
from django.utils.translation import gettext

from alerts.suppression.backtesting.backtest import CannotBackTest, run_backtest
from alerts.suppression.deploying.compiled_forms import compiled_forms
from alerts.suppression.drafting.enforcement_choice import SENTINEL, reasons_against_enforcement
from alerts.suppression.drafting.rule_reach import Reach, plant_of, reach_of_rule
from alerts.suppression.engine.guards.proposal import reasons_against_proposing
from alerts.suppression.engine.guards.signing import (
    Side,
    reasons_against_evidence,
    reasons_against_signing,
)
from alerts.suppression.engine.reading import NotARule
from alerts.suppression.engine.rule import Rule, rule_hash
from alerts.suppression.engine.sql import where
from alerts.suppression.engine.words import Sentence
from alerts.suppression.models import BackTestRun, RuleVersion, Signature, State
from alerts.suppression.policies import PROPOSING, may_change, rights_to_sign
from alerts.suppression.signing.notify import notify_proposed
from alerts.suppression.signing.people import people_of_side
from alerts.suppression.signing.signing_context import (
    evidence_that_counts,
    forms_of,
    paper_of,
    people_behind,
    signer_of,
)
from alerts.suppression.signing.transitions import lock_version, move
from portal.accounts.models import User
from portal.audit.services import record
from portal.errors import Refused
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
) -> RuleVersion:
    """Propose a draft of one's own. Who holds a right to sign gives, by proposing, the signature
    of the own side (OT before the SOC) and can give no other; a token only proposes.
    """
    version = lock_version(version_id)
    if version.state != State.DRAFT or version.made_by_id != by.pk:
        raise CannotProposeRule(gettext("You can only propose your own draft."))
    said = _said(version)
    reach = reach_of_rule(said)
    version.workspace_ids, version.site_ids = list(reach.workspace_ids), list(reach.site_ids)
    if not may_change(by, version, PROPOSING):
        raise CannotProposeRule(
            gettext(
                "Only OT and SOC people of the sites and workspaces this rule reaches can "
                "propose it."
            )
        )
    if reasons := [
        *reasons_against_rule_now(said, reach=reach, now=now),
        *reasons_against_grounds(version, said=said),
        *reasons_against_enforcement(said),
    ]:
        raise CannotProposeRule(*reasons)
    try:
        test = run_backtest(said=said, now=now, by=by, rule_id=version.rule_id)
    except CannotBackTest as refusal:
        raise CannotProposeRule(*refusal.reasons) from None
    if reasons := reasons_against_test(test):
        raise CannotProposeRule(*reasons)
    side = side_by_proposing(version, by=by) if kind == "person" else None
    version.rule_hash, version.backtest = rule_hash(said), test
    version.forms = _forms(said, version)
    version.proposed_by, version.proposed_at, version.proposer_note = by, now, note.strip()
    version.proposer_side = side.value if side else ""
    if side:
        _sign_by_proposing(
            version,
            side,
            by=by,
            proved_at=proved_at,
            note=note,
            is_checked=checked_evidence,
            now=now,
        )
    move(
        version,
        to=State.PROPOSED,
        by=by,
        now=now,
        reason=note.strip(),
        rule_hash=version.rule_hash,
        backtest=test,
        forms=version.forms,
        proposed_by=by,
        proposed_at=now,
        proposer_note=version.proposer_note,
        proposer_side=version.proposer_side,
        workspace_ids=version.workspace_ids,
        site_ids=version.site_ids,
    )
    others = {
        each for other in Side if other is not side for each in people_of_side(version, side=other)
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


def reasons_against_rule_now(said: Rule, *, reach: Reach, now: datetime) -> list[str]:
    """All that is held against what the rule says, with what is known of the plant now."""
    plant = plant_of(reach.site_ids)
    reasons = reasons_against_proposing(
        said,
        now=now,
        plant_zones=plant.zones(reach.site_ids),
        criticality=plant.criticality(said, reach.site_ids),
    )
    return list(reasons)


def reasons_against_grounds(version: RuleVersion, *, said: Rule) -> list[str]:
    """Whether the evidence is about what the rule matches, and the owners are who they must be."""
    reasons: list[str] = []
    counted = evidence_that_counts(version)
    if said.evidence and not counted:
        reasons.append(gettext("None of the verdicts it rests on is still valid."))
    if any(each.verdict in ("suspicious", "not-sure") for each in counted):
        reasons.append(gettext("A rule can only rest on verdicts of routine or maintenance."))
    if counted and not _covers_evidence(version, said):
        reasons.append(
            gettext("None of the chosen verdicts is about an alert that the rule matches.")
        )
    return reasons + _against_owners(version, said)


def reasons_against_test(test: BackTestRun) -> list[str]:
    """What a back-test holds against the rule: its reach (S2), and matches that were no routine."""
    reasons: list[str] = [Sentence(code, **detail) for code, detail in test.reasons]
    stops = test.body.get("stops", [])
    if stops:
        reasons.append(
            gettext(
                "%(n)s of its matches were not routine. Narrow the rule until it no longer "
                "matches them, or have the verdict corrected."
            )
            % {"n": number(len(stops))}
        )
    return reasons


def _said(version: RuleVersion) -> Rule:
    try:
        return version.said
    except NotARule as refusal:
        raise CannotProposeRule(*refusal.reasons) from None


def side_by_proposing(version: RuleVersion, *, by: User) -> Side | None:
    """Return for which side this person signs by proposing; None for who may not sign."""
    rights = rights_to_sign(by, version)
    return Side.OT if Side.OT in rights else Side.SOC if Side.SOC in rights else None


def _forms(said: Rule, version: RuleVersion) -> dict[str, list[str]]:
    """Hashes of the forms that Sentinel gets, of a rule that it can hold exactly."""
    if said.enforcement != SENTINEL:
        return {}
    found = compiled_forms(said, rule=version.rule, workspace_ids=version.workspace_ids)
    return {name: each.hashes for name, each in found.items()}


def _sign_by_proposing(
    version: RuleVersion,
    side: Side,
    *,
    by: User,
    proved_at: datetime | None,
    note: str,
    is_checked: bool,
    now: datetime,
) -> None:
    signer = signer_of(by, version=version, kind="person", proved_at=proved_at)
    reasons = reasons_against_signing(
        paper_of(version),
        signer,
        side=side,
        seen_hash=version.rule_hash,
        given=(),
        now=now,
        note=note,
        is_checked=is_checked,
    )
    if side is Side.SOC:
        people = people_behind(evidence_that_counts(version))
        reasons += reasons_against_evidence(people, is_checked_by_approver=is_checked)
    if reasons:
        raise CannotProposeRule(*reasons)
    Signature.objects.create(
        version=version,
        side=side,
        by=by,
        rule_hash=version.rule_hash,
        forms=forms_of(version),
        note=note.strip(),
        checked_evidence=is_checked,
        signed_at=now,
    )


def _covers_evidence(version: RuleVersion, said: Rule) -> bool:
    piece = where(said)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT 1 FROM incidents_alert a"
            " JOIN reviews_annotation_alerts n ON n.alert_id = a.id"
            " JOIN suppression_ruleversion_evidence e ON e.annotation_id = n.annotation_id"
            f" WHERE e.ruleversion_id = %s AND ({piece.text}))",
            [version.pk, *piece.params],
        )
        return bool(cursor.fetchone()[0])


def _against_owners(version: RuleVersion, said: Rule) -> list[str]:
    """Owners are named by their addresses, and may sign for their side."""
    reasons = []
    for side, email in ((Side.OT, said.owner_ot), (Side.SOC, said.owner_soc)):
        if email and email.lower() not in {
            each.email for each in people_of_side(version, side=side)
        }:
            reasons.append(
                gettext(
                    "%(owner)s cannot own the rule for %(side)s. Choose somebody who may "
                    "sign for that side."
                )
                % {"owner": email, "side": side.said}
            )
    return reasons
