"""The labels that Tagout itself puts on incidents in Sentinel, and nobody else does."""

from typing import Final

_PREFIX: Final = "tagout:"
ROUTINE_LIST: Final = "tagout-routine"  # the alias of our watchlist; it cannot change
GATE_LABEL: Final = "tagout-off"  # on what comes in while suppression is switched off


def our_label(word: str) -> str:
    """Return Tagout's label for this: a verdict, an escalation, the trial of a rule."""
    return _PREFIX + word


def is_our_label(name: str) -> bool:
    """Whether Tagout sets this label by itself. Letter case does not count."""
    name = name.casefold()
    return name.startswith(_PREFIX) or name == GATE_LABEL
