"""S10: each close says which rule it was, who signed it, why and until when; and the ledger too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from alerts.suppression.engine.rule import instant
from alerts.suppression.engine.words import Sentence

MAX_TEXT_LENGTH: Final = 3000


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribution:
    """What a reader in Sentinel must learn about a close."""

    number: int
    version: int
    rule_hash: str
    proposer: str
    approver: str
    reason: str
    expires_at: datetime
    link: str

    def parts(self) -> dict[str, str]:
        """Each part as it stands in the text."""
        return {
            "the rule": f"R-{self.number}, version {self.version}",
            "its hash": self.rule_hash,
            "who proposed it": f"Proposed by {self.proposer}",
            "who approved it": f"approved by {self.approver}",
            "its end": instant(self.expires_at),
            "the link": self.link,
        }


def closing_text(told: Attribution) -> str:
    """The text of the close. A long reason is cut, never a name."""
    said = told.parts()
    text = (
        f"Closed by Tagout, rule {said['the rule']}: {{reason}}\n"
        f"{said['who proposed it']}, {said['who approved it']}. Ends {said['its end']}.\n"
        f"Rule hash {said['its hash']}\n{said['the link']}"
    )
    room = MAX_TEXT_LENGTH - len(text) + len("{reason}")
    reason = " ".join(told.reason.split())
    if len(reason) > room:
        reason = reason[: max(room - 1, 0)].rstrip() + "…"
    return text.replace("{reason}", reason, 1)


def reasons_against_text(text: str, told: Attribution) -> list[Sentence]:
    """What the text of a close leaves out. An empty part is a part left out."""
    gaps = [
        name for name, part in told.parts().items() if part not in text or not _is_told(name, told)
    ]
    if not told.reason.strip():
        gaps.append("the reason")
    return [Sentence("attribution.missing", what=name) for name in gaps]


def _is_told(name: str, told: Attribution) -> bool:
    value = {
        "its hash": told.rule_hash,
        "who proposed it": told.proposer,
        "who approved it": told.approver,
        "the link": told.link,
    }.get(name, "told")
    return bool(value.strip())


def ledger_differences(ours: Mapping[str, str], theirs: Mapping[str, str]) -> list[Sentence]:
    """Daily comparison: incident to rule and hash, as our ledger and as Sentinel have them."""
    reasons = []
    for incident in sorted(set(ours) | set(theirs)):
        here, there = ours.get(incident), theirs.get(incident)
        if there is None:
            reasons.append(Sentence("ledger.only_here", incident=incident))
        elif here is None:
            reasons.append(Sentence("ledger.only_there", incident=incident))
        elif here != there:
            reasons.append(Sentence("ledger.other", incident=incident, ours=here, theirs=there))
    return reasons
