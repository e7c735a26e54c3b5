"""How a person of OT answers whether something is a replacement, who has nothing but the page: no
call, no walk to the cabinet, and no look at the truth.
"""

from collections.abc import Collection
from typing import Final

# Each alone is reason enough for a "no": whoever is what they seem does nothing more, at no other
# hour, is in the inventory, of the same make, and was not there before for something else.
GRAVE: Final = frozenset({"more", "other_hours", "no_inventory", "here_before"})
# What happens in a plant that works by the book, too; two of them are no accident.
ODD: Final = frozenset({"vendor", "gap", "name", "partners_missing", "no_work"})
MAX_ODD: Final = 1


def is_yes(against: Collection[str]) -> bool:
    """Return whether the facts against it leave a "yes"."""
    return GRAVE.isdisjoint(against) and len(ODD.intersection(against)) <= MAX_ODD
