"""Commands: named POSTs that call one service and answer with the row as it is then."""

import hashlib
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.http import HttpResponse

from portal import clock
from portal.accounts.models import User
from portal.api.models import Answer, Usage
from portal.api.problems import BadInput, KeyTaken

HEADER = "Idempotency-Key"
REMEMBERED = timedelta(hours=24)
_PASSING = frozenset({401, 403, 404, 429})  # not answers to the command itself
_REFUSALS = frozenset({403, 409})


class _Undone(Exception):
    """Carries a refusal out of the transaction that is rolled back."""

    def __init__(self, answer: HttpResponse) -> None:
        super().__init__()
        self.answer = answer


def answer_once(
    key: str | None,
    *,
    user: User,
    address: str,
    body: bytes,
    carry_out: Callable[[], HttpResponse],
    keeps_refusals: bool = False,
) -> HttpResponse:
    """Carry a command out, or repeat what was answered when this actor sent the same key. The
    answer is kept in the transaction of its effect, so a key is never of half of one (A25).
    `keeps_refusals`: a refusal that the service put on record stays there.
    """
    if key is None:
        return carry_out()
    if not 1 <= len(key) <= 200 or not key.isprintable():
        message = f"{HEADER} has between 1 and 200 printable characters."
        raise BadInput(message, {HEADER: [message]})
    request_hash = hashlib.sha256(address.encode() + b"\n" + body).hexdigest()
    own_key: dict[str, Any] = {"user": user, "token": user.via_token, "key": key}
    now = clock.unshifted()
    with transaction.atomic():
        Answer.objects.filter(**own_key, expires_at__lte=now).delete()
        Answer.objects.bulk_create(
            [Answer(**own_key, asked=request_hash, expires_at=now + REMEMBERED)],
            ignore_conflicts=True,
        )
        row = Answer.objects.select_for_update().get(**own_key)
        if row.asked != request_hash:
            raise KeyTaken
        if row.status:
            return _again(row)
        answer = _in_savepoint(
            carry_out, statuses_to_commit=_REFUSALS if keeps_refusals else frozenset()
        )
        if answer.status_code >= 500 or answer.status_code in _PASSING:
            row.delete()
            return answer
        row.status, row.body = answer.status_code, answer.content
        row.content_type = answer["Content-Type"]
        row.save(update_fields=["status", "body", "content_type"])
        return answer


def _in_savepoint(
    carry_out: Callable[[], HttpResponse], *, statuses_to_commit: Collection[int]
) -> HttpResponse:
    """What a refused command wrote is undone, its answer is kept."""
    try:
        with transaction.atomic():
            answer = carry_out()
            if answer.status_code >= 400 and answer.status_code not in statuses_to_commit:
                raise _Undone(answer)
            return answer
    except _Undone as undone:
        return undone.answer


def _again(row: Answer) -> HttpResponse:
    answer = HttpResponse(bytes(row.body), status=row.status, content_type=row.content_type)
    answer["Idempotency-Replayed"] = "true"
    answer["Cache-Control"] = "no-store"
    return answer


COUNTED = timedelta(hours=1)


def delete_answers_of_commands(*, now: datetime) -> int:
    """Remove answers whose day is over and counts of past minutes. `now` is `clock.unshifted()`."""
    forgotten, _ = Answer.objects.filter(expires_at__lte=now).delete()
    Usage.objects.filter(minute__lt=now - COUNTED).delete()
    return forgotten
