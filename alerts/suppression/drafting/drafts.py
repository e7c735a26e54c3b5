"""Write a rule down: drafts, their changes, the next version of a rule."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Max
from django.utils.translation import gettext

from alerts.reviews.models import Verdict
from alerts.rules.rule import (
    MAX_TITLE_LENGTH,
    NotARule,
    as_json,
    canonical,
    from_json,
    rule_hash,
)
from alerts.suppression.drafting.enforcement_choice import (
    reasons_against_enforcement,
    with_possible_enforcement,
)
from alerts.suppression.drafting.rule_reach import reach_of_rule
from alerts.suppression.models import OPEN, Rule, RuleVersion, Step, VersionState
from alerts.suppression.policies import PROPOSING, may_change
from alerts.suppression.transitions import lock_version, move
from portal.accounts.models import User
from portal.accounts.queries import roles_of
from portal.audit.services import record
from portal.errors import Refused

_NUMBERS = 0x5261  # the advisory lock under which rules get their numbers


class CannotSaveRule(Refused):
    """The draft was not saved."""


@transaction.atomic
def draft_rule(
    *, by: User, now: datetime, body: dict[str, Any], evidence_ids: Collection[int] = ()
) -> RuleVersion:
    """Create a rule with its first version, which may be incomplete. `evidence_ids`: verdicts it
    rests on, beside those that the body names.
    """
    if roles_of(by).isdisjoint(PROPOSING):
        raise CannotSaveRule(gettext("Only OT and the SOC can propose rules."))
    columns = _columns(body, evidence_ids)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_NUMBERS])
    highest = Rule.objects.aggregate(n=Max("number"))["n"] or 0
    rule = Rule.objects.create(number=highest + 1, made_by=by, made_at=now)
    version = _make(rule, 1, by=by, now=now, columns=columns)
    record("suppression.rule.drafted", on=version, by=by, at=now, rule=rule.label)
    return version


@transaction.atomic
def save_draft(
    *, version_id: int, by: User, now: datetime, body: dict[str, Any], revision: int
) -> RuleVersion:
    """Change a draft of one's own. Refuses where it was saved elsewhere since `revision`."""
    version = lock_version(version_id)
    if version.state != VersionState.DRAFT or version.made_by_id != by.pk:
        raise CannotSaveRule(
            gettext("This is not your draft. Edit the rule to start a new version of your own.")
        )
    if version.revision != revision:
        raise CannotSaveRule(
            gettext(
                "This draft was saved in another window in the meantime. Open it again; "
                "nothing is lost."
            )
        )
    columns = _columns(body, ())
    evidence = columns.pop("evidence")
    for name, value in columns.items():
        setattr(version, name, value)
    version.revision += 1
    version.save(update_fields=[*columns, "revision"])
    version.evidence.set(evidence)
    record("suppression.rule.saved", on=version, by=by, at=now, revision=version.revision)
    return version


@transaction.atomic
def edit_version(*, version_id: int, by: User, now: datetime) -> RuleVersion:
    """Create the next version of the rule as a draft that says what this one says. What was open
    before is replaced, its signatures with it; one's own draft is returned as it is.
    """
    version = lock_version(version_id)
    if not may_change(by, version):
        raise CannotSaveRule(
            gettext(
                "Only OT and SOC people of the sites and workspaces this rule reaches can edit it."
            )
        )
    if version.state == VersionState.DRAFT and version.made_by_id == by.pk:
        return version
    in_work = RuleVersion.objects.filter(rule=version.rule, state__in=OPEN).first()
    if in_work is not None:
        reason = gettext("%(name)s has started the next version.") % {"name": by.name}
        in_work = lock_version(in_work.pk)
        in_work.signatures.filter(void_at=None).update(void_at=now)
        move(
            in_work,
            to=VersionState.REPLACED,
            by=by,
            now=now,
            reason=reason,
            rule_hash=_hash(in_work),
        )
    highest = version.rule.versions.aggregate(n=Max("number"))["n"] or 0
    evidence = list(version.evidence.values_list("pk", flat=True))
    # Sentinel may have held this once and not now: then the next version says who enforces it.
    columns = _columns(with_possible_enforcement(version.body), evidence)
    made = _make(version.rule, highest + 1, by=by, now=now, columns=columns)
    record("suppression.rule.drafted", on=made, by=by, at=now, after=version.number)
    return made


@transaction.atomic
def discard_draft(*, version_id: int, by: User, now: datetime) -> None:
    """Give up a draft of one's own; it stays on record as discarded."""
    version = lock_version(version_id)
    if version.state != VersionState.DRAFT or version.made_by_id != by.pk:
        raise CannotSaveRule(gettext("You can only discard your own draft."))
    move(version, to=VersionState.DISCARDED, by=by, now=now, rule_hash=_hash(version))
    record("suppression.rule.discarded", on=version, by=by, at=now)


def _make(
    rule: Rule, number: int, *, by: User, now: datetime, columns: dict[str, Any]
) -> RuleVersion:
    evidence = columns.pop("evidence")
    version = RuleVersion.objects.create(
        rule=rule,
        number=number,
        state=VersionState.DRAFT,
        state_since=now,
        made_by=by,
        made_at=now,
        **columns,
    )
    version.evidence.set(evidence)
    Step.objects.create(
        version=version, to_state=VersionState.DRAFT, at=now, by=by, by_label=by.name
    )
    return version


def _columns(body: dict[str, Any], evidence_ids: Collection[int]) -> dict[str, Any]:
    """Return the columns of a body. It must spell a rule, but may lack much of what a proposal
    needs.
    """
    try:
        rule = from_json(body)
    except NotARule as refusal:
        raise CannotSaveRule(*refusal.reasons) from None
    if b"\\u0000" in canonical(as_json(rule)) or b"\x00" in canonical(as_json(rule)):
        raise CannotSaveRule(gettext("The rule contains characters that cannot be stored."))
    if len(rule.title) > MAX_TITLE_LENGTH:
        raise CannotSaveRule(gettext("The title is longer than 200 characters."))
    if reasons := reasons_against_enforcement(rule):
        raise CannotSaveRule(*reasons)
    evidence_uuids = {uuid for text in rule.evidence if (uuid := uuid_of(text))}
    evidence = Verdict.objects.filter(uuid__in=evidence_uuids) | Verdict.objects.filter(
        pk__in=evidence_ids
    )
    plain = as_json(rule)
    plain["evidence"] = sorted({*rule.evidence, *(str(verdict.uuid) for verdict in evidence)})
    reach = reach_of_rule(rule)
    return {
        "title": rule.title,
        "body": plain,
        "enforcement": rule.enforcement[:8],
        "expires_at": rule.expires_at,
        "workspace_ids": list(reach.workspace_ids),
        "site_ids": list(reach.site_ids),
        "evidence": list(evidence),
    }


def _hash(version: RuleVersion) -> str:
    """A draft has no hash; once it has ended it is on record and has one."""
    return version.rule_hash or rule_hash(version.definition)


def uuid_of(text: str) -> UUID | None:
    """Return the UUID that a text spells; None where it is none."""
    try:
        return UUID(text)
    except ValueError:
        return None
