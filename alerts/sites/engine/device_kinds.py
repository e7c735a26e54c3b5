"""What kind of device something is, as Defender for IoT or a file says it."""

from typing import Final

# What Defender for IoT writes where it does not know. As the name of a kind it would make one group
# of all strangers of a zone, and a rule about that group would cover whoever comes next.
NO_KINDS: Final = frozenset({"unclassified", "unknown"})


def known_kind(*words: str | None) -> str:
    """Return the first word that names a kind; empty where none does."""
    return next((word for word in words if word and word.strip().casefold() not in NO_KINDS), "")
