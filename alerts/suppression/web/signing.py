"""The part of a page where a version is signed: who may, for which side, and the proof it takes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext

from alerts.rules.guards.signing import FRESH, VALID, SigningSide
from alerts.suppression.models import RuleVersion, Signature, VersionState
from alerts.suppression.policies import rights_to_sign
from alerts.suppression.services import sign_rule
from alerts.suppression.signing.people import people_of_side
from alerts.suppression.signing.sign import CannotSignRule, reasons_against_signature
from alerts.suppression.signing.signing_context import (
    people_behind_version,
    signatures_that_count,
    version_for_guard,
)
from alerts.suppression.watching.trial_before import carry_over_for
from alerts.suppression.web.wording import all_in_words
from portal.accounts.models import User
from portal.accounts.password_checks import check_password_again, proved_at_of


def needs_password(request: HttpRequest, *, now: datetime) -> bool:
    """Return whether signing asks for the password again."""
    proved = proved_at_of(request)
    return proved is None or not proved <= now <= proved + FRESH


def reason_not_proved(request: HttpRequest, *, now: datetime) -> str:
    """Check the password of the form where one is needed. Return why it does not do, or nothing."""
    if not needs_password(request, now=now):
        return ""
    password = request.POST.get("password", "")
    if not password:
        return gettext("Enter your password to prove that the signature is yours.")
    return check_password_again(request, password, now=now).reason


@dataclass(frozen=True, slots=True)
class SigningOutcome:
    """The result of a form that was to sign: the signed version, or the reasons against it."""

    version: RuleVersion | None
    problems: list[str]
    form_values: dict[str, object]  # to fill the form again


def sign_from_form(
    request: HttpRequest, version: RuleVersion, user: User, *, now: datetime
) -> SigningOutcome:
    """Sign what was on the screen with the words of the form, proving identity where needed."""
    side = request.POST.get("side", "")
    note, is_checked = request.POST.get("note", ""), "checked_evidence" in request.POST
    form_values = {"note": note, "checked_evidence": is_checked, "side": side}
    if why := reason_not_proved(request, now=now):
        return SigningOutcome(None, [why], form_values)
    if side not in set(SigningSide):
        return SigningOutcome(None, [gettext("Choose which side you sign for.")], form_values)
    try:
        signed = sign_rule(
            version_id=version.pk,
            side=SigningSide(side),
            by=user,
            now=now,
            seen_hash=request.POST.get("seen_hash", ""),
            proved_at=proved_at_of(request),
            note=note,
            checked_evidence=is_checked,
        )
    except CannotSignRule as refusal:
        return SigningOutcome(None, all_in_words(refusal.reasons), form_values)
    return SigningOutcome(signed, [], form_values)


def signing_of(
    request: HttpRequest,
    version: RuleVersion,
    user: User,
    signatures: Sequence[Signature],
    *,
    now: datetime,
) -> dict[str, Any]:
    """Return what the card of signatures shows to this person."""
    if version.state != VersionState.PROPOSED:
        return {"must_sign": [], "sign_sides": [], "cannot_sign": [], "lapsed": []}
    against = {
        side: reasons_against_signature(version, side=side, by=user, now=now)
        for side in sorted(rights_to_sign(user, version))
    }
    sides = [side for side, reasons in against.items() if not reasons]
    counting = [
        signature
        for signature in signatures_that_count(version)
        if now - signature.signed_at <= VALID
    ]
    signed = {signature.side for signature in counting}
    refused = dict.fromkeys(reason for reasons in against.values() for reason in reasons)
    carry_over = carry_over_for(version, now=now) if sides else None
    return {
        "lapsed": {signature.pk for signature in signatures}
        - {signature.pk for signature in counting},
        "trial_carry_over": carry_over.sentence if carry_over else "",
        "must_sign": [
            (side, ", ".join(signature.name for signature in people_of_side(version, side=side)))
            for side in SigningSide
            if side not in signed
        ],
        "sign_sides": sides,
        "cannot_sign": [] if sides else all_in_words(refused),
        "asks_password": bool(sides) and needs_password(request, now=now),
        "why_look": _why_look(version) if SigningSide.SOC in sides else "",
    }


def _why_look(version: RuleVersion) -> str:
    """Return why the SOC's signer must have looked at the alerts; nothing where that is free."""
    if version_for_guard(version).is_little_evidence:
        return gettext("Needed: there is little evidence.")
    if len(people_behind_version(version)) < 2:
        return gettext("Needed: all verdicts come from one person.")
    return ""
