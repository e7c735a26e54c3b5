"""What the text of a close says about the rule in whose name it was made, and if that is so."""

import re
from dataclasses import dataclass

from alerts.suppression.models import OPEN, RuleVersion, State

BEGINS = "Closed by Tagout, rule R-"
_BLOCK = re.compile(
    r"Closed by Tagout, rule R-(?P<number>\d{1,9}), version (?P<version>\d{1,5}): "
    r".*?Rule hash (?P<hash>[0-9a-f]{64})",
    re.DOTALL,
)
_NEVER_ACTED = (*OPEN, State.REJECTED, State.DISCARDED)


@dataclass(frozen=True, slots=True)
class Named:
    """The versions that a text names; `reason` says why the text is not trusted."""

    versions: tuple[RuleVersion, ...] = ()
    reason: str = ""


def rules_named_in(text: str) -> list[tuple[int, int, str]]:
    """Rule, version and hash of each block of a text, believed or not."""
    return [
        (int(block["number"]), int(block["version"]), block["hash"])
        for block in _BLOCK.finditer(text)
    ]


def named_in(text: str) -> Named:
    """Read a text that Sentinel's own rule has written. Only versions that Sentinel may carry out,
    and whose hash is the one in the text, are believed.
    """
    found = []
    for number, version, digest in rules_named_in(text):
        row = (
            RuleVersion.objects.filter(rule__number=number, number=version)
            .exclude(state__in=_NEVER_ACTED)
            .select_related("rule", "proposed_by")
            .first()
        )
        if row is None:
            return Named(reason=f"There is no rule R-{number}, version {version}, that acted.")
        if row.rule_hash != digest:
            return Named(reason=f"The hash is not that of R-{number}, version {version}.")
        if row.enforcement != "sentinel":
            return Named(reason=f"R-{number} is carried out by Tagout, which did not close it.")
        found.append(row)
    if not found or text.count(BEGINS) != len(found):
        return Named(reason="It does not name rule, version and hash.")
    return Named(tuple(found))
