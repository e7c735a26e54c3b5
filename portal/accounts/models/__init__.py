"""The nouns of this room."""

from portal.accounts.models.attempts import FailuresOfAnHour, SignInFailure
from portal.accounts.models.people import (
    OT_ROLES,
    READING_ROLES,
    SOC_ROLES,
    Grant,
    Organisation,
    Role,
    ScopeKind,
    User,
    UserManager,
)
from portal.accounts.models.session import Session
from portal.accounts.models.token import ApiToken, TokenScope

__all__ = [
    "OT_ROLES",
    "READING_ROLES",
    "SOC_ROLES",
    "ApiToken",
    "FailuresOfAnHour",
    "Grant",
    "Organisation",
    "Role",
    "ScopeKind",
    "Session",
    "SignInFailure",
    "TokenScope",
    "User",
    "UserManager",
]
