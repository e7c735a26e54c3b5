"""Whether a playbook is the status sync of Defender for IoT, which closes the alert at the sensor
when its incident is closed. The solution calls it AD4IoT-AutoAlertStatusSync. Recognised by its
words: what its steps send is not read.
"""

import re
from typing import Final

_WORD: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_SYNC: Final = frozenset({"sync", "syncs", "synchronize", "synchronise", "synchronizes"})
_NEAR: Final = 3  # words between "status" and "sync", at most


def is_status_sync(*, name: str, notes: str) -> bool:
    """Whether name or notes mention that an alert's status is synced. In a name both words are
    close together; notes must mention Defender for IoT, because other products have statuses, too.
    """
    if _mentions_sync(name, within=_NEAR):
        return True
    return "defender for iot" in notes.casefold() and _mentions_sync(notes, within=len(notes))


def _mentions_sync(text: str, *, within: int) -> bool:
    words = [word.lower() for word in _WORD.findall(text)]
    statuses = [place for place, word in enumerate(words) if word in ("status", "statuses")]
    syncs = [place for place, word in enumerate(words) if word in _SYNC]
    return any(abs(status - sync) <= within for status in statuses for sync in syncs)
