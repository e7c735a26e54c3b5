"""Slow down password guessing without locking the account's owner out. Why these numbers:
docs/decisions/0016-sessions-and-sign-in.md. `now` is `clock.unshifted()` everywhere here.
"""

import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Count, Q, QuerySet
from django.utils.crypto import salted_hmac

from portal.accounts.models import FailuresOfAnHour, SignInFailure, User
from portal.audit.services import record
from portal.errors import Refused

COUNTED_FOR = timedelta(minutes=15)
MAX_OF_PAIR = 8  # one account from one address, or on one known device, or in one session
MAX_OF_ACCOUNT = 40  # by strangers, from all addresses
MAX_OF_ADDRESS = 60  # by strangers, for all accounts
HOUR = timedelta(hours=1)
MAX_PASSWORD = 1000  # letters
_MAX_TYPED = 1000  # letters of an address that are looked at
_LOCK = 0x7A_67_6F_75  # attempts are counted one after the other


class TooManyAttempts(Refused):
    """This password is not looked at: another try has to wait."""


@dataclass(frozen=True, slots=True)
class SignInAttempt:
    """One password that somebody tries: for which account, from where, and on which known device
    or in which session (nothing: a stranger's).
    """

    account: str
    address: str | None
    source: str = ""

    @property
    def digest(self) -> str:
        """What is stored of the account: some type their password where the address belongs."""
        return salted_hmac(__name__, self.account, algorithm="sha256").hexdigest()


def begin_attempt(attempt: SignInAttempt, *, now: datetime) -> int:
    """Count an attempt before its password is looked at, so that attempts of the same instant
    count as well. Returns the row to forget if nobody looks at it. Raises TooManyAttempts.
    """
    _refuse_too_many(attempt, now)  # who has to wait anyway queues for no lock
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        _refuse_too_many(attempt, now)
        SignInFailure.objects.filter(at__lt=now - COUNTED_FOR).delete()
        row = SignInFailure.objects.create(
            email=attempt.digest, address=attempt.address, source=attempt.source, at=now
        )
    return row.pk


def delete_attempt(row: int) -> None:
    """Do not count an attempt whose password nobody looked at."""
    SignInFailure.objects.filter(pk=row).delete()


def delete_failures(attempt: SignInAttempt) -> None:
    """The password was right: what this device or address got wrong before counts no longer."""
    _alike(attempt).delete()


def note_wrong_password(attempt: SignInAttempt, *, now: datetime) -> None:
    """The password was wrong. That goes on record with all others of its hour: strangers must not
    write entries one by one, each holding the chain.
    """
    user_id = User.objects.filter(email=attempt.account).values_list("pk", flat=True).first()
    hour = now.replace(minute=0, second=0, microsecond=0)
    table = FailuresOfAnHour._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} AS t (user_id, address, hour, failures, first_at, latest_at)"
            " VALUES (%s, %s, %s, 1, %s, %s) ON CONFLICT (user_id, address, hour)"
            " DO UPDATE SET failures = t.failures + 1, latest_at = excluded.latest_at",
            [user_id, attempt.address, hour, now, now],
        )


def record_failures(*, now: datetime) -> int:
    """Put the failures of hours that are over on record, one entry for an account and an address.
    Returns how many entries that were.
    """
    over = FailuresOfAnHour.objects.filter(hour__lte=now - HOUR).order_by("hour", "pk")
    return sum(_record_one(pk, now) for pk in over.values_list("pk", flat=True)[:200])


def account_of(typed: str) -> str:
    """The account that the sign-in form finds for what was typed: another spelling of an address
    (a space, wide letters) must not bring new attempts.
    """
    plain = unicodedata.normalize("NFKC", typed[:_MAX_TYPED].strip()).lower()
    return plain.replace("\x00", "\N{REPLACEMENT CHARACTER}")[:254]


@transaction.atomic
def _record_one(pk: int, now: datetime) -> bool:
    row = (
        FailuresOfAnHour.objects.select_related("user")
        .select_for_update(of=("self",))
        .filter(pk=pk)
        .first()
    )
    if row is None:
        return False  # another worker was faster
    person = row.user
    row.delete()
    row.pk = pk  # which the entry names
    record(
        "accounts.sign_in.failed",
        on=person or row,
        by="somebody at sign-in",  # not the person, as far as anybody knows
        at=now,
        address=row.address,
        failures=row.failures,
        first_at=row.first_at,
        latest_at=row.latest_at,
    )
    return True


def _refuse_too_many(attempt: SignInAttempt, now: datetime) -> None:
    since = now - COUNTED_FOR
    if attempt.source:
        limits = [_alike(attempt).filter(at__gt=since)[:MAX_OF_PAIR].count() >= MAX_OF_PAIR]
    else:
        account, address = Q(email=attempt.digest), Q(address=attempt.address)
        if attempt.address is None:
            address = Q(address__isnull=True)
        strangers = SignInFailure.objects.filter(account | address, source="", at__gt=since)
        counts = strangers.aggregate(
            pair=Count("pk", filter=account & address),
            account=Count("pk", filter=account),
            address=Count("pk", filter=address),
        )
        limits = [
            counts["pair"] >= MAX_OF_PAIR,
            counts["account"] >= MAX_OF_ACCOUNT,
            counts["address"] >= MAX_OF_ADDRESS,
        ]
    if any(limits):
        raise TooManyAttempts


def _alike(attempt: SignInAttempt) -> QuerySet[SignInFailure]:
    rows = SignInFailure.objects.filter(email=attempt.digest, source=attempt.source)
    return rows if attempt.source else rows.filter(address=attempt.address)
