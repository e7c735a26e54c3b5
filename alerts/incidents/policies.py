"""Who may act on incidents, and why not: sentences that pages show and services refuse with."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from alerts.incidents.engine.answer_time import answer_within
from alerts.incidents.hidden_verdicts import hidden_from
from alerts.incidents.models import Incident, OtState, Severity
from alerts.outbox.engine.labels import is_our_label
from portal.accounts.models import User
from portal.accounts.queries import reach_of, roles_of
from portal.accounts.rights import OT_ROLES, roles_for
from portal.text import visible_text
from portal.ui.words import length, number

ACTING = roles_for("incidents.act")
JUDGING = roles_for("reviews.answer")
LEADING_VIEWS = roles_for("incidents.lead_views")
MAX_MESSAGE_LENGTH = 29_000  # Sentinel takes 30,000 characters, and we add who wrote it
MAX_LABEL_LENGTH = 100
MAX_COMMENTS = 100
MAX_ASIDE = timedelta(days=30)
MAX_REASONS = 50  # more than that nobody reads; all incidents are asked nevertheless
REASONS: dict[str, tuple[str, ...]] = {
    "TruePositive": ("SuspiciousActivity",),
    "BenignPositive": ("SuspiciousButExpected",),
    "FalsePositive": ("IncorrectAlertLogic", "InaccurateData"),
    "Undetermined": (),
}


def reasons_against_acting(
    incidents: Incident | Iterable[Incident], *, by: User | None
) -> list[str]:
    """Return why this person may not triage these incidents; [] for Tagout's own rules."""
    rows = [incidents] if isinstance(incidents, Incident) else list(incidents)
    if not rows:
        return [_("This incident does not exist, or you may not see it.")]
    reasons = [reason for row in rows if (reason := _read_only(row))][:MAX_REASONS]
    if by is not None:
        reasons += [*_reasons_against_place(rows), *_reasons_against_person(rows, by)]
    return list(dict.fromkeys(reasons))


def may_triage(user: User) -> bool:
    """Whether the person triages incidents anywhere: whether lists offer what can be done."""
    return not roles_of(user).isdisjoint(ACTING)


def may_judge(user: User) -> bool:
    """Whether the person answers for OT, at any site, what an incident was."""
    return not roles_of(user).isdisjoint(JUDGING)


def may_lead_views(user: User) -> bool:
    """Whether the person may change views of the queue that others share."""
    return not roles_of(user).isdisjoint(LEADING_VIEWS)


def may_act_on(incident: Incident, *, by: User) -> bool:
    """Whether to show this person what can be done to the incident."""
    return not reasons_against_acting(incident, by=by)


def reasons_against_closing(classification: str, reason: str) -> list[str]:
    """Why Sentinel would not take this classification and reason."""
    if classification not in REASONS:
        names = ", ".join(REASONS)
        return [_("Closing needs a classification: one of %(known)s.") % {"known": names}]
    if fits_classification(classification, reason):
        return []
    allowed = REASONS[classification]
    if not allowed:
        return [
            _("“%(classification)s” takes no reason in Sentinel.")
            % {"classification": classification}
        ]
    return [
        _("The reason for “%(classification)s” must be %(allowed)s.")
        % {"classification": classification, "allowed": _(" or ").join(allowed)}
    ]


def reasons_against_comment(incidents: Iterable[Incident], message: str) -> list[str]:
    """Why this comment cannot be written."""
    if not visible_text(message):
        return [_("Write a comment first.")]
    if len(message) > MAX_MESSAGE_LENGTH:
        return [_("A comment has at most %(n)s characters.") % {"n": number(MAX_MESSAGE_LENGTH)}]
    return [
        _("%(incident)s has %(n)s comments, which is all that Sentinel keeps.")
        % {"incident": _number(row), "n": number(row.comments_count)}
        for row in incidents
        if row.comments_count >= MAX_COMMENTS
    ]


def reasons_against_labels(labels: Iterable[str]) -> list[str]:
    """Why a person may not add or remove these labels."""
    reasons = []
    for label in labels:
        if not label or len(label) > MAX_LABEL_LENGTH:
            reasons.append(
                _("A label has between 1 and %(n)s characters.") % {"n": number(MAX_LABEL_LENGTH)}
            )
        elif is_our_label(label):
            reasons.append(
                _("“%(label)s” is a label that Tagout sets by itself.") % {"label": label}
            )
    return list(dict.fromkeys(reasons))


def max_aside(incident: Incident, *, now: datetime) -> timedelta:
    """How long an incident may be put aside: no longer than OT has time to answer where it waits
    for OT, is High or touches a safety system or a crown jewel.
    """
    span = MAX_ASIDE
    if incident.severity == Severity.HIGH or incident.touches_critical:
        span = answer_within(incident.severity)
    if incident.ot_state == OtState.WAITING and incident.ot_due_at:
        span = min(span, incident.ot_due_at - now)
    return span


def reasons_against_aside(
    incidents: Iterable[Incident], until: datetime | None, *, by: User, now: datetime
) -> list[str]:
    """Why these incidents cannot be put aside until then; nothing is against bringing them back."""
    if until is None:
        return []
    if until <= now:
        return [_("Choose a moment that is still to come.")]
    hidden = hidden_from(by).by_incident
    reasons = []
    for row in incidents:
        most = max_aside(row, now=now)
        words = {"incident": _number(row), "span": length(most)}
        if not row.is_open:
            reasons.append(_("It is closed. Reopen it first."))
        elif row.pk in hidden:
            reasons.append(_("%(incident)s waits for your second opinion.") % words)
        elif row.ot_state == OtState.SUSPICIOUS:
            reasons.append(_("OT calls %(incident)s suspicious: escalate it or close it.") % words)
        elif most <= timedelta(0):
            reasons.append(_("OT's answer about %(incident)s is late.") % words)
        elif until > now + most:
            reasons.append(_("%(incident)s may be put aside for %(span)s at most.") % words)
    return list(dict.fromkeys(reasons))[:MAX_REASONS]


def _reasons_against_place(rows: list[Incident]) -> list[str]:
    removed = sorted({row.workspace.name for row in rows if row.workspace.is_removed})
    return [
        _("%(workspace)s was removed, so nothing can be changed there.") % {"workspace": name}
        for name in removed
    ]


def _reasons_against_person(rows: list[Incident], by: User) -> list[str]:
    reach = reach_of(by, ACTING)
    outside = sorted({row.workspace.name for row in rows if not reach.covers(row.workspace)})
    if not outside:
        return []
    if reach.nowhere and roles_of(by) & OT_ROLES:
        return [_("OT answers what the SOC asks; only the SOC changes and closes incidents.")]
    return [
        ngettext(
            "Only a SOC analyst or SOC lead of %(names)s may do this.",
            "Only a SOC analyst or SOC lead of all of %(names)s may do this.",
            len(outside),
        )
        % {"names": ", ".join(outside)}
    ]


def _read_only(row: Incident) -> str:
    if row.gone_at is not None:
        return _("%(incident)s was deleted in Sentinel and is read-only.") % {
            "incident": _number(row)
        }
    if row.merged_into == 0:
        return _("%(incident)s was merged into another incident and is read-only.") % {
            "incident": _number(row)
        }
    if row.merged_into is not None:
        return _("%(incident)s was merged into #%(number)s and is read-only.") % {
            "incident": _number(row),
            "number": row.merged_into,
        }
    return ""


def _number(row: Incident) -> str:
    return f"#{row.number}" if row.number else row.title


def fits_classification(classification: str, reason: str) -> bool:
    """Whether this is a pair of Sentinel's; Undetermined has no reason."""
    allowed = REASONS.get(classification)
    if allowed is None:
        return False
    return reason in allowed if allowed else not reason


def fitting_for(verdict: str) -> tuple[str, str]:
    """What OT's verdict suggests for the form; nothing where it does not decide."""
    return {
        "routine": ("BenignPositive", "SuspiciousButExpected"),
        "maintenance": ("BenignPositive", "SuspiciousButExpected"),
        "suspicious": ("TruePositive", "SuspiciousActivity"),
    }.get(verdict, ("", ""))
