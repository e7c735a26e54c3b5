"""The verbs of this room."""

from portal.accounts.services.attempts import record_failures
from portal.accounts.services.people import (
    SCOPES_OF_ROLE,
    CannotAddPerson,
    CannotChangePassword,
    CannotDisablePerson,
    CannotGrant,
    CannotRevoke,
    add_organisation,
    add_person,
    change_password,
    disable_person,
    enable_person,
    grant_role,
    note_sign_in,
    revoke_role,
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
    "SCOPES_OF_ROLE",
    "CannotAddPerson",
    "CannotChangePassword",
    "CannotCreateToken",
    "CannotDisablePerson",
    "CannotGrant",
    "CannotRevoke",
    "CannotRotateToken",
    "CreatedToken",
    "add_organisation",
    "add_person",
    "change_password",
    "create_token",
    "disable_person",
    "enable_person",
    "grant_role",
    "note_sign_in",
    "note_token_use",
    "record_failures",
    "revoke_role",
    "revoke_token",
    "rotate_token",
]
