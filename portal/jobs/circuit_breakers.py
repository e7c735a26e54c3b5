"""A circuit breaker for each server outside: what all processes remember about how it answers.

After five failures in a row one caller every 30 seconds may try, until one gets an answer. `now` is
`clock.unshifted()`.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q

from portal.jobs.models import CircuitBreaker

BREAKER_AFTER = 5
PROBE_EVERY = timedelta(seconds=30)
_NOTE_ANSWER_EVERY = timedelta(seconds=60)


def may_call(name: str, *, now: datetime) -> bool:
    """Return whether to call now. When a breaker is due for its probe, one caller gets True."""
    rows = CircuitBreaker.objects.filter(name=name, open_until__isnull=False)
    open_until = rows.values_list("open_until", flat=True).first()
    if open_until is None:
        return True
    if open_until > now:
        return False
    return rows.filter(open_until=open_until).update(open_until=now + PROBE_EVERY) == 1


def note_answer(name: str, *, now: datetime) -> None:
    """Close the breaker after an answer of any kind. Written only where that is news."""
    answer = {
        "answered_at": now,
        "failures": 0,
        "open_until": None,
        "failing_since": None,
        "latest_error": "",
    }
    rows = CircuitBreaker.objects.filter(name=name)
    is_news = Q(failures__gt=0) | Q(answered_at=None) | Q(answered_at__lt=now - _NOTE_ANSWER_EVERY)
    if not rows.filter(is_news).update(**answer) and not rows.exists():
        CircuitBreaker.objects.bulk_create(
            [CircuitBreaker(name=name, **answer)], ignore_conflicts=True
        )


@transaction.atomic
def note_failure(name: str, *, error: str, now: datetime) -> None:
    """It did not answer."""
    CircuitBreaker.objects.bulk_create([CircuitBreaker(name=name)], ignore_conflicts=True)
    rows = CircuitBreaker.objects.filter(name=name)
    rows.update(failures=F("failures") + 1, latest_error=error[:500])
    rows.filter(failing_since=None).update(failing_since=now)
    rows.filter(failures__gte=BREAKER_AFTER).update(open_until=now + PROBE_EVERY)
