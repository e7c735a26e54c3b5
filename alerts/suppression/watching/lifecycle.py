"""What happens to a version after its signatures: its trial begins, people pause, resume, retire
and renew it, guards stop it, and so does a corrected time zone of its site.
"""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext

from alerts.rules.guards.never import assets_of
from alerts.rules.guards.signing import reasons_against_draft
from alerts.rules.lifetime import default_end, reasons_against_acting_now
from alerts.rules.rule import instant
from alerts.rules.windows import window_zone_of
from alerts.sites.models import Site
from alerts.suppression.deploying.desired import bring_in_line
from alerts.suppression.drafting.drafts import edit_version, save_draft
from alerts.suppression.drafting.rule_reach import PlantContext, plant_of
from alerts.suppression.enforcing.group_members import record_members
from alerts.suppression.models import ACTING, Rule, RuleVersion, VersionState
from alerts.suppression.policies import STOPPING, may_change, rights_to_sign
from alerts.suppression.signing.notify import notify_state
from alerts.suppression.signing.people import concerned_by
from alerts.suppression.transitions import lock_version, move
from alerts.suppression.watching.credit import credited_incidents
from alerts.suppression.watching.trial_before import carry_over_for
from portal.accounts.models import User
from portal.audit.services import record
from portal.errors import Refused
from portal.text import visible_text

ITSELF = "Tagout"


def start_trial(version: RuleVersion, *, by: User, now: datetime) -> None:
    """Both sides have signed: the rule tags what it would close. Part of the signer's command."""
    carry_over = carry_over_for(version, now=now)
    version.keeps_trial_of = carry_over.before if carry_over else None
    version.newcomers = list(carry_over.newcomers) if carry_over else []
    version.matches_wanted = carry_over.wanted if carry_over else None
    reason = gettext("Signed by both sides. %(what)s") % {
        "what": carry_over.sentence
        if carry_over
        else gettext("For seven days at least it only labels what it would close.")
    }
    for earlier in RuleVersion.objects.filter(rule=version.rule, state=VersionState.IN_TRIAL):
        move(earlier, to=VersionState.REPLACED, by=by, now=now, reason=reason)
    move(version, to=VersionState.IN_TRIAL, by=by, now=now, reason=reason)
    record_members(version)
    version.credited_incident_ids = credited_incidents(version, now=now)
    version.save(
        update_fields=["credited_incident_ids", "keeps_trial_of", "newcomers", "matches_wanted"]
    )
    bring_in_line(version_id=version.pk, now=now)
    notify_state(version, people=set(concerned_by(version)) - {by}, reasons=[reason], now=now)


def reasons_against_enforcing(
    version: RuleVersion, *, now: datetime, plant: PlantContext | None = None
) -> list[str]:
    """Return the reasons against a version that acts, or is to act again, as things are now: its
    end has come, a device it names became a safety system, a type went on the never list.
    """
    definition = version.definition
    if lapsed := reasons_against_acting_now(definition, now=now):
        return list(lapsed)
    plant_now = plant or plant_of(version.site_ids, named=assets_of(definition))
    sites = version.site_ids
    reasons = reasons_against_draft(
        definition,
        now=now,
        plant_zones=plant_now.zones(sites),
        criticality=plant_now.criticality(definition, sites),
    )
    return list(reasons)


@transaction.atomic
def stop_by_itself(
    *, version_id: int, reasons: Iterable[str], by_label: str = ITSELF, now: datetime
) -> bool:
    """Pause a version because of what happened; only a new approval lets it act again. False when
    it did not act any more.
    """
    version, reason_list = lock_version(version_id), list(reasons)
    if version.state == VersionState.PAUSED and not version.needs_approval:
        RuleVersion.objects.filter(pk=version.pk).update(needs_approval=True)
    if version.state not in ACTING:
        return False
    move(
        version,
        to=VersionState.PAUSED,
        by=None,
        by_label=by_label,
        now=now,
        reason=" ".join(str(reason) for reason in reason_list),
        paused_from=version.state,
        needs_approval=True,
    )
    bring_in_line(version_id=version.pk, now=now)
    notify_state(version, people=concerned_by(version), reasons=reason_list, now=now)
    texts = [str(reason) for reason in reason_list]
    record("suppression.rule.stopped", on=version, by=by_label, at=now, reasons=texts)
    return True


class CannotStopRule(Refused):
    """The rule goes on as it was."""


class CannotResumeRule(Refused):
    """The rule stays paused."""


class CannotRenewRule(Refused):
    """No new version was begun."""


@transaction.atomic
def pause_rule(*, rule_id: int, by: User, reason: str, now: datetime) -> list[RuleVersion]:
    """Stop all that acts of a rule, at once; the pause remembers whether it was in trial."""
    return _stop(rule_id, VersionState.PAUSED, from_states=ACTING, by=by, reason=reason, now=now)


@transaction.atomic
def retire_rule(*, rule_id: int, by: User, reason: str, now: datetime) -> list[RuleVersion]:
    """End a rule for good."""
    states = (*ACTING, VersionState.PAUSED)
    return _stop(rule_id, VersionState.RETIRED, from_states=states, by=by, reason=reason, now=now)


@transaction.atomic
def resume_rule(*, version_id: int, by: User, reason: str, now: datetime) -> RuleVersion:
    """Go on where the pause began. After a roll-back only a new approval helps."""
    version = lock_version(version_id)
    if version.state != VersionState.PAUSED:
        raise CannotResumeRule(gettext("This rule is not paused."))
    if not rights_to_sign(by, version):
        raise CannotResumeRule(gettext("Only people who may sign this rule can resume it."))
    if version.needs_approval:
        raise CannotResumeRule(
            gettext("This rule stopped itself. Edit it and have the new version approved.")
        )
    reasons = [] if visible_text(reason) else [gettext("Say why. One line is enough.")]
    reasons += reasons_against_enforcing(version, now=now)
    others = RuleVersion.objects.filter(rule=version.rule, state=version.paused_from)
    if others.exclude(pk=version.pk).exists():
        reasons.append(gettext("A later version has already replaced it."))
    if reasons:
        raise CannotResumeRule(*reasons)
    move(
        version,
        to=VersionState(version.paused_from),
        by=by,
        now=now,
        reason=visible_text(reason),
        paused_from="",
    )
    bring_in_line(version_id=version.pk, now=now)
    others_concerned = set(concerned_by(version)) - {by}
    notify_state(version, people=others_concerned, reasons=[visible_text(reason)], now=now)
    record("suppression.rule.resumed", on=version, by=by, at=now, reason=reason)
    return version


@transaction.atomic
def renew_rule(*, rule_id: int, by: User, now: datetime) -> RuleVersion:
    """Begin the next version with a new end; it needs a fresh back-test and two signatures."""
    found = RuleVersion.objects.filter(
        rule=rule_id, state__in=(*ACTING, VersionState.PAUSED, VersionState.EXPIRED)
    )
    version = found.order_by("-number").first()
    if version is None:
        raise CannotRenewRule(gettext("Only an active, paused or expired rule can be renewed."))
    draft = edit_version(version_id=version.pk, by=by, now=now)
    body = draft.body | {"expires_at": instant(default_end(draft.definition, now=now))}
    return save_draft(version_id=draft.pk, by=by, now=now, body=body, revision=draft.revision)


def _stop(
    rule_id: int,
    to: VersionState,
    *,
    from_states: tuple[VersionState, ...],
    by: User,
    reason: str,
    now: datetime,
) -> list[RuleVersion]:
    rule = Rule.objects.get(pk=rule_id)
    found = list(rule.versions.order_by("pk").select_for_update(of=("self",)))
    versions = [row for row in found if row.state in from_states]
    if not versions:
        raise CannotStopRule(gettext("This rule is not active."))
    if not all(may_change(by, row, STOPPING) for row in versions):
        raise CannotStopRule(
            gettext(
                "Only OT and SOC people of the sites and workspaces this rule reaches can stop it."
            )
        )
    if not visible_text(reason):
        raise CannotStopRule(gettext("Say why. One line is enough."))
    for version in versions:
        columns = {"paused_from": version.state} if to == VersionState.PAUSED else {}
        move(version, to=to, by=by, now=now, reason=visible_text(reason), **columns)
        bring_in_line(version_id=version.pk, now=now)
        notify_state(version, people=set(concerned_by(version)) - {by}, reasons=[reason], now=now)
    action = "suppression.rule.paused" if to == VersionState.PAUSED else "suppression.rule.retired"
    record(
        action,
        on=versions[0],
        by=by,
        at=now,
        reason=reason,
        versions=[row.number for row in versions],
    )
    return versions


def rules_that_would_stop(site: Site, *, time_zone: str) -> list[str]:
    """Return the rules that act at a site by hours of its clock, as it is before the change."""
    if time_zone == site.time_zone:
        return []
    return [str(version) for version in _versions_by(site, site.time_zone)]


def stop_rules_of_old_clock(
    site: Site, *, before: str, now: datetime, unshifted: datetime
) -> list[str]:
    """Pause what acts, or is paused, by hours of the old clock: only two new signatures let it act
    again. Part of the transaction that changes the clock.
    """
    stopped = []
    for version in _versions_by(site, before):
        words = gettext("The time zone of %(site)s was corrected from %(before)s to %(after)s.")
        names = {"site": site, "before": before, "after": site.time_zone}
        reasons = [words % names, gettext("Its hours need a new look and new signatures.")]
        if stop_by_itself(version_id=version.pk, reasons=reasons, now=now):
            stopped.append(str(version))
    return stopped


def _versions_by(site: Site, time_zone: str) -> Iterable[RuleVersion]:
    rows = RuleVersion.objects.select_related("rule").filter(
        state__in=(*ACTING, VersionState.PAUSED), site_ids__contains=[site.pk]
    )
    return [
        version
        for version in rows.order_by("rule__number", "number")
        if time_zone in _zones_of(version)
    ]


def _zones_of(version: RuleVersion) -> set[str]:
    """The clocks by which a version has hours."""
    lines = [*version.definition.all_of, *version.definition.except_any]
    return {window_zone_of(value) for line in lines if line.field == "time" for value in line.texts}
