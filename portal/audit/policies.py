"""Who may read the record: auditors of the whole portal, for its entries name no place."""

from portal.accounts.models import User
from portal.accounts.queries import reach_of
from portal.accounts.rights import roles_for

READERS = roles_for("audit.read")


def may_read_record(user: User) -> bool:
    """Whether the person audits everything, and not one organisation or workspace."""
    return reach_of(user, READERS).everywhere
