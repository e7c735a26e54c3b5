"""Forget what the API needs no longer."""

from datetime import datetime, timedelta

from portal.api.models import Answer, Usage

COUNTED = timedelta(hours=1)


def forget_old_answers(*, now: datetime) -> int:
    """Remove answers whose day is over and counts of past minutes. `now` is `clock.unshifted()`."""
    forgotten, _ = Answer.objects.filter(expires_at__lte=now).delete()
    Usage.objects.filter(minute__lt=now - COUNTED).delete()
    return forgotten
