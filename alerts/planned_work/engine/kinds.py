"""The kinds of planned work: a short catalogue that rules may refer to."""

from collections.abc import Mapping
from typing import Final


def gettext_noop(text: str) -> str:
    """Marks a word for the catalogues; nothing is looked up here."""
    return text


OTHER: Final = "other"  # work of no kind: no rule can refer to it
KINDS: Final[Mapping[str, str]] = {
    "vendor-visit": gettext_noop("vendor visit"),
    "vendor-session": gettext_noop("remote vendor session"),
    "firmware": gettext_noop("firmware update"),
    "patching": gettext_noop("patching"),
    "backup": gettext_noop("backup"),
    "commissioning": gettext_noop("commissioning"),
    "replacement": gettext_noop("replacement"),
    "inspection": gettext_noop("inspection or calibration"),
    "test": gettext_noop("test"),
    "fire-test": gettext_noop("fire alarm test"),
    "protection-test": gettext_noop("protection test"),
    "network-change": gettext_noop("network change"),
    "outage": gettext_noop("shut-down"),
    OTHER: gettext_noop("other work"),
}
KINDS_FOR_RULES: Final = tuple(kind for kind in KINDS if kind != OTHER)


def kind_named(text: str) -> str | None:
    """Return the kind of this name, written as its key or as its label, in any letter case."""
    folded = " ".join(text.replace("-", " ").split()).casefold()
    for kind, label in KINDS.items():
        if folded in (kind.replace("-", " "), label.replace("-", " ")):
            return kind
    return None
