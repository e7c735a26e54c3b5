"""What Sentinel reads of OT's verdict, in plain English: Sentinel's own pages have one language."""

from dataclasses import dataclass

MAX_NAMED = 20
LABEL_PREFIX = "tagout:"
_VERDICTS = {
    "routine": "Routine",
    "maintenance": "Maintenance",
    "suspicious": "Suspicious",
    "not-sure": "Not sure",
}
_DONE_BY = {"our-team": "our team", "vendor": "the vendor", "automation": "automation"}
VERDICT_LABELS = frozenset(LABEL_PREFIX + verdict for verdict in _VERDICTS)


@dataclass(frozen=True, slots=True)
class Spoken:
    """A verdict as its giver said it."""

    verdict: str
    cause: str  # the words of the cause
    by_name: str
    place: str
    work_order: str = ""
    done_by: str = ""
    note: str = ""
    numbers: tuple[str, ...] = ()  # of the incidents that it is about


def label_of(verdict: str) -> str:
    """The label that carries a verdict."""
    return LABEL_PREFIX + verdict


def _named(said: Spoken) -> str:
    more = len(said.numbers) - MAX_NAMED
    named = ", ".join(said.numbers[:MAX_NAMED])
    return f"{named} and {more} more" if more > 0 else named


def comment_on(said: Spoken) -> str:
    """The comment: who said what and why, and that nothing follows from it by itself."""
    lines = [f"OT verdict: {_VERDICTS[said.verdict]} ({said.cause})."]
    lines.append(f"Given by {said.by_name} for OT at {said.place}.")
    if said.work_order:
        lines.append(f"Work order: {said.work_order}.")
    if said.done_by:
        lines.append(f"Done by: {_DONE_BY.get(said.done_by, said.done_by)}.")
    if said.note:
        lines.append(f"Note: {said.note}")
    if len(said.numbers) > 1:
        lines.append(f"The same answer covers {len(said.numbers)} incidents: {_named(said)}.")
    lines.append("This answer closes and suppresses nothing by itself.")
    return "\n".join(lines)
