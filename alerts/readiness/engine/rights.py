"""Which actions an identity may carry out, by the role definitions that Azure says it holds."""

import re
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache

SENTINEL = "Microsoft.SecurityInsights"
# What each purpose does in Sentinel (reference: the operations of the resource provider).
NEEDED: Mapping[str, tuple[str, ...]] = {
    "read": (
        f"{SENTINEL}/incidents/read",
        f"{SENTINEL}/incidents/comments/read",
        f"{SENTINEL}/automationRules/read",
        f"{SENTINEL}/alertRules/read",
        f"{SENTINEL}/dataConnectors/read",
    ),
    "incidents": (
        f"{SENTINEL}/incidents/read",
        f"{SENTINEL}/incidents/write",
        f"{SENTINEL}/incidents/comments/write",
    ),
    "rules": (
        f"{SENTINEL}/automationRules/read",
        f"{SENTINEL}/automationRules/write",
        f"{SENTINEL}/automationRules/delete",
    ),
}
# What connecting, installing and enabling need on top.
SETTING_UP = (
    f"{SENTINEL}/dataConnectors/write",
    f"{SENTINEL}/contentPackages/write",
    f"{SENTINEL}/alertRules/write",
)
CONNECTING = ("Microsoft.IoTSecurity/defenderSettings/write",)


def missing_actions(
    needed: Collection[str], entries: Sequence[Mapping[str, Collection[str]]]
) -> list[str]:
    """Return the actions that no entry grants, in the order asked for. An entry grants an action
    when one of its `actions` matches and none of its `not_actions` does.
    """
    return [action for action in needed if not any(_grants(entry, action) for entry in entries)]


def _grants(entry: Mapping[str, Collection[str]], action: str) -> bool:
    return any(_pattern(p).fullmatch(action) for p in entry.get("actions", ())) and not any(
        _pattern(p).fullmatch(action) for p in entry.get("not_actions", ())
    )


@lru_cache(maxsize=512)
def _pattern(text: str) -> re.Pattern[str]:
    pieces = (re.escape(piece) for piece in text.split("*"))
    return re.compile(".*".join(pieces), re.IGNORECASE)
