"""The store of sessions (SESSION_ENGINE): rows that hold a digest of the key instead of the key,
and end by the database's clock. Why these limits: docs/decisions/0016-sessions-and-sign-in.md. Also
who is behind a request (`actor_of`).
"""

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.base import CreateError, SessionBase, UpdateError
from django.db import IntegrityError, transaction
from django.db.models import Case, F, QuerySet, Value, When
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse

from portal.accounts.models import Session, User

WORKDAY = timedelta(hours=12)  # after the password
MAX_IDLE = timedelta(hours=2)
MAX_STAY = timedelta(days=30)  # of a phone that stays signed in, for answering only
NOTED_EVERY = timedelta(minutes=5)  # activity: not a write with each request
_STAYS = "stays_signed_in"


def digest_of_key(key: str) -> str:
    """What is stored of a session's key, which has 165 random bits: no salt makes it safer."""
    return hashlib.sha256(key.encode(errors="replace")).hexdigest()


class SessionStore(SessionBase):
    """A session of one browser. Without activity it ends; one that stays signed in is limited to
    answering from then on.
    """

    _row: Session | None = None
    _read_at: datetime | None = None

    @property
    def is_limited(self) -> bool:
        """Whether the password is needed again for anything but answering."""
        self.has_key(SESSION_KEY)  # reads the row, once
        if self._row is None or self._read_at is None:
            return False
        return self._row.works_until <= self._read_at

    @property
    def stays(self) -> bool:
        """Whether this phone stays signed in, for answering."""
        return bool(self.get(_STAYS))

    def begin(self, *, stays: bool) -> None:
        """Count this session's time from now, under a new key: its person has just given their
        password.
        """
        self[_STAYS] = stays
        self.cycle_key()
        ends_at = Now() + (MAX_STAY if stays else MAX_IDLE)
        self._rows().update(
            begun_at=Now(), works_until=Now() + MAX_IDLE, ends_at=ends_at, stays_signed_in=stays
        )

    def note_activity(self) -> None:
        """Keep the session from ending while its person works, up to the end of a workday."""
        row, now = self._row, self._read_at
        if row is None or now is None:
            return
        until = min(now + MAX_IDLE, row.begun_at + WORKDAY)
        if until < row.works_until + NOTED_EVERY:
            return
        stays = When(stays_signed_in=True, then=F("ends_at"))
        self._rows().filter(works_until__gt=Now()).update(
            works_until=until, ends_at=Case(stays, default=Value(until))
        )

    def get_expiry_age(self, **kwargs: Any) -> int:
        """Seconds for which the browser keeps the cookie; the row decides how long it is worth
        anything.
        """
        return int((MAX_STAY if self.stays else WORKDAY).total_seconds())

    def load(self) -> dict[str, Any]:
        """Return what the session holds; nothing where it has ended or never was."""
        found = _read(self.session_key) if self.session_key else None
        if found is None:
            self._session_key = None  # a key that somebody made up is never taken over
            return {}
        self._row, self._read_at = found
        return self.decode(self._row.data)

    def exists(self, session_key: str) -> bool:
        """Whether a session has this key."""
        return Session.objects.filter(key_digest=digest_of_key(session_key)).exists()

    def create(self) -> None:
        """Begin a session under a new key."""
        while True:
            self._session_key = self._base._get_new_session_key()
            try:
                self.save(must_create=True)
            except CreateError:
                continue
            self.modified = True
            return

    def save(self, must_create: bool = False) -> None:
        """Store what the session holds. One that was ended meanwhile stays ended."""
        if self.session_key is None:
            return self.create()
        data = self._base._get_session(no_load=must_create)
        values = {"data": self.encode(data), "user_id": data.get(SESSION_KEY)}
        if not must_create:
            if not self._rows().filter(ends_at__gt=Now()).update(**values):
                raise UpdateError
            return None
        until = Now() + MAX_IDLE
        try:
            with transaction.atomic():
                Session.objects.create(
                    key_digest=digest_of_key(self.session_key),
                    begun_at=Now(),
                    works_until=until,
                    ends_at=until,
                    **values,
                )
        except IntegrityError:
            raise CreateError from None
        self._row = self._read_at = None
        return None

    def delete(self, session_key: str | None = None) -> None:
        """End a session at once."""
        key = session_key or self.session_key
        if key:
            Session.objects.filter(key_digest=digest_of_key(key)).delete()

    @classmethod
    def clear_expired(cls) -> None:
        """Remove sessions that have ended; nobody can use them any more."""
        Session.objects.filter(ends_at__lt=Now()).delete()

    @property
    def _base(self) -> Any:
        """This store with those methods of Django's that its types lack."""
        return self

    def _rows(self) -> QuerySet[Session]:
        return Session.objects.filter(key_digest=digest_of_key(self.session_key or ""))


# As SQL: every request asks this, and to have Django put it together takes longer than to ask.
_IN_FORCE = """
SELECT *, statement_timestamp() AS read_at FROM accounts_session
WHERE key_digest = %s AND ends_at > statement_timestamp()
"""


def _read(key: str) -> tuple[Session, datetime] | None:
    """The session that has this key, and when it was read; None where it has ended."""
    for row in Session.objects.raw(_IN_FORCE, [digest_of_key(key)]):
        return row, vars(row)["read_at"]
    return None


LIVE_HEADER = "Tagout-Live"  # static/ui/js/live.js: the page asks by itself, nobody works


def allow_limited_session[View: Callable[..., HttpResponse]](view: View) -> View:
    """Mark a view that a phone may use which stays signed in, without the password again."""
    view.__dict__["allows_limited_session"] = True
    return view


def is_not_work[View: Callable[..., HttpResponse]](view: View) -> View:
    """Mark a view that open pages ask by themselves: it keeps nobody signed in."""
    view.__dict__["is_not_work"] = True
    return view


class LimitSessions:
    """Pages beyond answering take a limited session for nobody's, so they ask for the password."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Everything happens when the view is known."""
        return self._get_response(request)

    def process_view(self, request: HttpRequest, view: object, *parts: object) -> None:
        """Look at the session before anybody asks who is signed in."""
        session = request.session
        if not request.user.is_authenticated or not isinstance(session, SessionStore):
            return
        if not session.is_limited:
            if LIVE_HEADER not in request.headers and not getattr(view, "is_not_work", False):
                session.note_activity()
        elif not getattr(view, "allows_limited_session", False):
            request.user = AnonymousUser()


def actor_of(request: HttpRequest) -> User:
    """The signed-in person. Only for views that need sign-in (all do, unless marked)."""
    if not request.user.is_authenticated:
        raise PermissionError("This view was opened to strangers but asks who they are.")
    return request.user
