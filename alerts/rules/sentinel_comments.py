"""What rules write for Sentinel's readers, in English: why an incident was closed (S10: by which
rule, who signed it, why, until when), and why it was opened again.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from alerts.rules.rule import instant
from alerts.rules.sentence import Sentence

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
        """Each part as it is in the text."""
        return {
            "the rule": f"R-{self.number}, version {self.version}",
            "its hash": self.rule_hash,
            "who proposed it": f"Proposed by {self.proposer}",
            "who approved it": f"approved by {self.approver}",
            "its end": instant(self.expires_at),
            "the link": self.link,
        }


def rule_closing_text(attribution: Attribution) -> str:
    """The text of the close. A long reason is cut, never a name."""
    parts = attribution.parts()
    text = (
        f"Closed by Tagout, rule {parts['the rule']}: {{reason}}\n"
        f"{parts['who proposed it']}, {parts['who approved it']}. Ends {parts['its end']}.\n"
        f"Rule hash {parts['its hash']}\n{parts['the link']}"
    )
    room = MAX_TEXT_LENGTH - len(text) + len("{reason}")
    reason = " ".join(attribution.reason.split())
    if len(reason) > room:
        reason = reason[: max(room - 1, 0)].rstrip() + "…"
    return text.replace("{reason}", reason, 1)


def covered_text(attribution: Attribution) -> str:
    """The text where a person closes what a rule covers: it names the same, and does not read as a
    close by the rule.
    """
    return rule_closing_text(attribution).replace("Closed by", "Covered by", 1)


def reasons_against_closing_text(text: str, attribution: Attribution) -> list[Sentence]:
    """What the text of a close leaves out. An empty part is a part left out."""
    gaps = [
        name
        for name, part in attribution.parts().items()
        if part not in text or not _is_filled_in(name, attribution)
    ]
    if not attribution.reason.strip():
        gaps.append("the reason")
    return [Sentence("attribution.missing", what=name) for name in gaps]


def _is_filled_in(name: str, attribution: Attribution) -> bool:
    value = {
        "its hash": attribution.rule_hash,
        "who proposed it": attribution.proposer,
        "who approved it": attribution.approver,
        "the link": attribution.link,
    }.get(name, "told")
    return bool(value.strip())


def reopening_text(rules: Iterable[str], *, held_device: str = "") -> str:
    """The comment where an alert joined what rules, named by their labels, had closed, or where
    they had closed what touches a held device.
    """
    closed_by = f"It had been closed by {', '.join(rules)}."
    why = "an alert joined that no rule may close"
    if held_device:
        why = f"{held_device} is held open after a true positive on it"
    return f"Reopened by Tagout because {why}. {closed_by}"
