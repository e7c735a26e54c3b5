"""The verbs of this room."""

from portal.accounts.services.people import (
    FAILURES_ALLOWED,
    FAILURES_COUNT_FOR,
    SCOPES_OF_ROLE,
    CannotAddPerson,
    CannotGrant,
    add_organisation,
    add_person,
    grant_role,
    note_failure,
    note_sign_in,
    revoke_role,
    too_many_failures,
)
from portal.accounts.services.tokens import (
    CannotCreateToken,
    CannotRotateToken,
    CreatedToken,
    create_token,
    note_token_use,
    revoke_token,
    rotate_token,
)

__all__ = [
    "FAILURES_ALLOWED", "FAILURES_COUNT_FOR", "SCOPES_OF_ROLE", "CannotAddPerson",
    "CannotCreateToken", "CannotGrant", "CannotRotateToken", "CreatedToken", "add_organisation",
    "add_person", "create_token", "grant_role", "note_failure", "note_sign_in", "note_token_use",
    "revoke_role", "revoke_token", "rotate_token", "too_many_failures",
]  # fmt: skip
