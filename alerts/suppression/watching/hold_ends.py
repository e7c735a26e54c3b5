"""Until when the devices of a closed true positive are held: both leads are notified once where
rules had closed something on them, and set another end together. One of them alone changes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.utils.translation import gettext

from alerts import notification_kinds as kinds
from alerts.incidents.models import Incident
from alerts.rules.guards.holds import MAX_AGREED
from alerts.rules.guards.signing import FRESH, SigningSide
from alerts.rules.sentence import Sentence
from alerts.sites.models import Site
from alerts.suppression.deploying.rounds import renew_soon
from alerts.suppression.enforcing.true_positive_cases import hold_ends_of, true_positive_cases
from alerts.suppression.models import HoldEnd
from alerts.suppression.policies import ENDING_HOLDS, sides_led_by
from portal.accounts.models import Role, User
from portal.accounts.queries import identity_of, people_with_roles
from portal.audit.services import record
from portal.errors import Refused
from portal.jobs.models import Job
from portal.jobs.services import keep_note
from portal.notifications.services import notify_people
from portal.text import visible_text
from portal.ui.words import number

NOTIFIED: Final = "suppression.devices-held"  # the note of a notification
PAGE: Final = "/rules/held/"
MAX_DAYS: Final = MAX_AGREED.days


def leads_for(incident: Incident) -> list[User]:
    """Return the leads of both sides: OT's at the sites that it touches, the SOC's in its
    workspace; by name.
    """
    workspace = incident.workspace
    above = [workspace.organisation.uuid] if workspace.organisation else []
    sites = Site.objects.filter(pk__in=incident.site_ids).values_list("uuid", flat=True)
    roles = frozenset[Role]().union(*ENDING_HOLDS.values())
    return list(
        people_with_roles(
            roles, sites=list(sites), workspaces=[workspace.uuid], organisations=above
        )
    )


def leads_by_side(incident: Incident) -> dict[SigningSide, list[User]]:
    """Return who can set the end of what it holds, by side: one lead of OT at one of several sites
    cannot.
    """
    found: dict[SigningSide, list[User]] = {side: [] for side in ENDING_HOLDS}
    for person in leads_for(incident):
        for side in sides_led_by(person, incident):
            found[side].append(person)
    return found


def notify_of_case(
    incident: Incident, *, devices: Sequence[str], rules: Sequence[str], now: datetime
) -> bool:
    """Notify both leads that what touches these devices stays open, and which rules had closed
    something there; once for each true positive. Part of a command.
    """
    key = str(incident.pk)
    if Job.objects.filter(kind=NOTIFIED, key=key).exists():
        return False
    keep_note(kind=NOTIFIED, key=key, now=now)

    def wording() -> tuple[str, list[str]]:
        names = {
            "incident": f"#{incident.number}" if incident.number else incident.name,
            "devices": ", ".join(devices),
            "rules": ", ".join(rules),
        }
        return gettext("Held open: %(devices)s") % names, [
            gettext(
                "%(incident)s is a true positive. %(rules)s had closed incidents on %(devices)s."
            )
            % names,
            gettext(
                "What touches these devices stays open, whichever rule covers it, until the case"
                " ends. The rules go on elsewhere."
            ),
            gettext("You can stop each of them there, or set another end with the other lead."),
        ]

    notify_people(
        leads_for(incident),
        kind=kinds.DEVICES_HELD,
        wording=wording,
        path=f"{PAGE}#case-{incident.pk}",
        now=now,
    )
    return True


class CannotSetHoldEnd(Refused):
    """The devices are held as long as before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _EndRequest:
    """The end that one lead sets, and how they came."""

    by: User
    until: datetime
    reason: str
    proved_at: datetime | None
    kind: str


def set_hold_end(
    *,
    incident_id: int,
    by: User,
    until: datetime,
    reason: str,
    now: datetime,
    proved_at: datetime | None,
    kind: str = "person",
) -> bool:
    """Set as lead of one side until when a closed true positive holds its devices. Returns whether
    both sides agree now. Every refusal is put on record.
    """
    request = _EndRequest(
        by=by, until=until, reason=visible_text(reason), proved_at=proved_at, kind=kind
    )
    try:
        return _set(incident_id, request, now=now)
    except CannotSetHoldEnd as refusal:
        with transaction.atomic():
            record(
                "suppression.hold_end.refused",
                on=Incident.objects.get(pk=incident_id),
                by=by,
                at=now,
                kind=kind,
                reasons=[str(sentence) for sentence in refusal.reasons],
            )
        raise


@transaction.atomic
def _set(incident_id: int, request: _EndRequest, *, now: datetime) -> bool:
    rows = Incident.objects.select_for_update(of=("self",), no_key=True)
    incident = rows.select_related("workspace__organisation").get(pk=incident_id)
    ends = hold_ends_of([incident.pk]).get(incident.pk, ())
    side = _side_of(request.by, incident, ends)
    other = next((row for row in ends if side is not None and row.side != side.value), None)
    reasons = _reasons(request, incident, side, other, now=now)
    if reasons or side is None:
        raise CannotSetHoldEnd(*reasons)
    HoldEnd.objects.filter(incident=incident, void_at=None, side=side.value).update(void_at=now)
    HoldEnd.objects.create(
        incident=incident,
        side=side.value,
        by=request.by,
        until=request.until,
        reason=request.reason,
        set_at=now,
    )
    agrees = other is not None and other.until == request.until
    record(
        "suppression.hold_end.agreed" if agrees else "suppression.hold_end.set",
        on=incident,
        by=request.by,
        at=now,
        side=side.value,
        until=request.until,
        reason=request.reason,
    )
    renew_soon()
    return agrees


def reasons_against_setting_end(incident: Incident, *, by: User, now: datetime) -> list[str]:
    """Return why this person cannot set the end with any form: for pages."""
    ends = hold_ends_of([incident.pk]).get(incident.pk, ())
    request = _EndRequest(by=by, until=now, reason="-", proved_at=now, kind="person")
    return _reasons(request, incident, _side_of(by, incident, ends), None, now=now)


def _side_of(by: User, incident: Incident, ends: Sequence[HoldEnd]) -> SigningSide | None:
    """Return the side that this person leads: the one they have set the end for, else one for which
    no other person has.
    """
    sides = sides_led_by(by, incident)
    own = [row.side for row in ends if row.by_id == by.pk]
    taken = {row.side for row in ends}
    ordered = sorted(sides, key=lambda side: (side.value not in own, side.value in taken))
    return ordered[0] if ordered else None


def _reasons(
    request: _EndRequest,
    incident: Incident,
    side: SigningSide | None,
    other: HoldEnd | None,
    *,
    now: datetime,
) -> list[str]:
    if request.kind != "person":
        return [Sentence("sign.not_a_person", kind=request.kind)]
    if side is None:
        return [
            gettext(
                "Only the OT lead of all sites that it touches and the SOC lead of its workspace"
                " can set when this ends."
            )
        ]
    cases = true_positive_cases(Incident.objects.filter(pk=incident.pk), now=now)
    if not cases:
        return [gettext("It holds nothing any more.")]
    if cases[0].is_open:
        return [gettext("It is open, and holds its devices until the SOC closes it.")]
    reasons: list[str] = []
    if other is not None and identity_of(other.by) == identity_of(request.by):
        reasons.append(Sentence("sign.same"))
    is_of_other = other is not None and other.until == request.until
    if not is_of_other and not now <= request.until <= now + timedelta(days=MAX_DAYS):
        reasons.append(gettext("Choose an end within %(n)s days.") % {"n": number(MAX_DAYS)})
    if not request.reason:
        reasons.append(gettext("Say why. One line is enough."))
    if request.proved_at is None or not timedelta(0) <= now - request.proved_at <= FRESH:
        reasons.append(Sentence("sign.fresh", most=FRESH.seconds // 60))
    return reasons
