"""Closing in Sentinel's terms: which reason fits which classification, and what the text says."""

from __future__ import annotations

REASONS: dict[str, tuple[str, ...]] = {
    "TruePositive": ("SuspiciousActivity",),
    "BenignPositive": ("SuspiciousButExpected",),
    "FalsePositive": ("IncorrectAlertLogic", "InaccurateData"),
    "Undetermined": (),
}
MAX_COMMENT_LENGTH = 3000


def fits(classification: str, reason: str) -> bool:
    """Whether Sentinel knows this pair; Undetermined has no reason."""
    allowed = REASONS.get(classification)
    if allowed is None:
        return False
    return reason in allowed if allowed else not reason


def fitting_for(verdict: str) -> tuple[str, str]:
    """What OT's verdict suggests for the form; nothing where it does not decide."""
    return {
        "routine": ("BenignPositive", "SuspiciousButExpected"),
        "maintenance": ("BenignPositive", "SuspiciousButExpected"),
        "suspicious": ("TruePositive", "SuspiciousActivity"),
    }.get(verdict, ("", ""))


def closing_text(*, closed_by: str, comment: str = "", ot_line: str = "") -> str:
    """What Sentinel's readers see of a close: who closed it, what OT said, why."""
    parts = [comment.strip(), ot_line.strip(), f"Closed by {closed_by} in Tagout."]
    text = "\n".join(part for part in parts if part)
    return text if len(text) <= MAX_COMMENT_LENGTH else _cut(text, parts)


def _cut(text: str, parts: list[str]) -> str:
    """Cut the comment, never the names."""
    names = "\n".join(part for part in parts[1:] if part)[: MAX_COMMENT_LENGTH // 2]
    return parts[0][: MAX_COMMENT_LENGTH - len(names) - 3].rstrip() + " …\n" + names
