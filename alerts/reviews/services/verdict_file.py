"""Read a file of past verdicts: its lines, and what is wrong with them by themselves."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from django.utils.translation import gettext

from alerts.reviews.engine.causes import all_reasons
from alerts.reviews.models import VerdictKind
from alerts.reviews.policies import MAX_NOTE_LENGTH
from portal.formats.moments import in_utc
from portal.formats.tables import Table, TableFault, TableRow, folded, one_of
from portal.text import visible_text

NEEDED = ("incident", "verdict", "cause", "by", "at")
COLUMNS = (*NEEDED, "note", "workspace")


@dataclass(frozen=True, slots=True)
class VerdictLine:
    """One judgement of the file; `at` without a zone is on the clock of the incident's plant."""

    line: int
    incident: str  # number, or Sentinel's name
    workspace: str  # empty where the number says enough
    verdict: str
    cause: str
    email: str
    at: datetime | None
    note: str
    is_whole: bool  # nothing of it is wrong, as far as the file alone tells


def lines_of(table: Table) -> tuple[list[VerdictLine], list[TableFault]]:
    """Return the lines, those with faults too, and what is wrong with them."""
    faults = list(table.faults)
    names = _names_of(table, faults)
    if missing := [name for name in NEEDED if name not in names]:
        if table.columns:
            text = gettext("The file needs a column %(name)s. It may have: %(known)s.")
            details = {"name": one_of(missing), "known": ", ".join(COLUMNS)}
            faults.append(TableFault(1, "", text % details))
        return [], faults
    lines = []
    for record in table.records:
        values = {name: record[column] for name, column in names.items()}
        wrong = list(_faults_in(record, values))
        faults += wrong
        lines.append(_line(record, values, is_whole=not wrong))
    return lines, faults


def _names_of(table: Table, faults: list[TableFault]) -> dict[str, str]:
    """Our columns and what the file calls them, in whatever case."""
    names: dict[str, str] = {}
    for column in table.columns:
        if not column:
            continue
        name = folded(column)
        if name in COLUMNS and name not in names:
            names[name] = column
        else:
            text = gettext("Unknown column. Known columns: %(known)s.") % {
                "known": ", ".join(COLUMNS)
            }
            faults.append(TableFault(1, column, text))
    return names


def _faults_in(record: TableRow, values: Mapping[str, str]) -> Iterable[TableFault]:
    line = record.line
    if not values["incident"]:
        yield TableFault(line, "incident", gettext("Name the incident, by its number or its name."))
    if _verdict_of(values["verdict"]) is None:
        details = {"word": values["verdict"], "known": one_of(VerdictKind.values)}
        text = gettext("“%(word)s” is not a verdict. Use %(known)s.") % details
        yield TableFault(line, "verdict", text)
    if _cause_of(values["cause"]) is None:
        yield TableFault(line, "cause", _no_cause(values["cause"]))
    if "@" not in values["by"]:
        yield TableFault(line, "by", gettext("Name who judged it by their e-mail address."))
    if _moment_of(values["at"]) is None:
        details = {"word": values["at"]}
        text = gettext("“%(word)s” is not a valid time. Write it like 2026-03-01T08:12+01:00.")
        yield TableFault(line, "at", text % details)
    note = values.get("note", "")
    if len(note) > MAX_NOTE_LENGTH:
        yield TableFault(line, "note", gettext("Keep the note under 500 characters."))
    if not visible_text(note) and _verdict_of(values["verdict"]) == VerdictKind.SUSPICIOUS:
        yield TableFault(line, "note", gettext("Suspicious needs one line that says why."))


def _no_cause(text: str) -> str:
    if not text:
        return gettext("Name a cause, or “other” if none fits.")
    return gettext("There is no cause “%(word)s”. Use the id of one, or “other”.") % {"word": text}


def _line(record: TableRow, values: Mapping[str, str], *, is_whole: bool) -> VerdictLine:
    return VerdictLine(
        line=record.line,
        incident=values["incident"].lstrip("#"),
        workspace=values.get("workspace", ""),
        verdict=_verdict_of(values["verdict"]) or "",
        cause=_cause_of(values["cause"]) or "",
        email=values["by"].casefold() if "@" in values["by"] else "",
        at=_moment_of(values["at"]),
        note=values.get("note", ""),
        is_whole=is_whole,
    )


def _verdict_of(text: str) -> str | None:
    return {folded(word): word for word in VerdictKind.values}.get(folded(text))


def _cause_of(text: str) -> str | None:
    """The id of a cause that is named by its id, or by its words in any language."""
    return _causes().get(folded(text)) if text else None


@cache
def _causes() -> dict[str, str]:
    by_words: dict[str, set[str]] = {}
    for reason in all_reasons():
        for words in reason.labels.values():
            by_words.setdefault(folded(words), set()).add(reason.id)
    alone = {words: ids.pop() for words, ids in by_words.items() if len(ids) == 1}
    return alone | {folded(reason.id): reason.id for reason in all_reasons()}


def _moment_of(text: str) -> datetime | None:
    """A moment in the form of ISO 8601, with date and time."""
    if len(text) < len("2026-03-01T08:12"):
        return None
    try:
        moment = datetime.fromisoformat(text)
        return moment if moment.tzinfo is None else in_utc(moment)
    except ValueError:
        return None
