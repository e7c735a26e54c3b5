"""The columns of the queue, and one row of it, ready to be placed."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import connection
from django.db.models import DateTimeField, Func, IntegerField, TextField, Value
from django.utils.translation import gettext

from alerts.incidents.engine.catalogue import bare_title
from alerts.incidents.engine.hidden_verdicts import (
    NOTHING_HIDDEN,
    HiddenVerdicts,
    parts_without_verdicts,
)
from alerts.incidents.models import Incident, OtState, Severity
from alerts.incidents.queue.chosen_columns import LeadFacts, lead_facts
from alerts.incidents.storm_wording import peers_words, storm_words
from alerts.incidents.wording import (
    HIDDEN,
    OT_ORDER,
    Chip,
    age_of,
    aside_words,
    number_words,
    ot_chip,
)
from portal.ui.moments import READER, Moment, exact, moment_of, period_words, reader_clock
from portal.ui.words import length, number

COLUMNS = (
    "key",
    "lead_id",
    "latest_id",
    "number",
    "workspace_id",
    "n",
    "priority",
    "severity",
    "title",
    "source",
    "destination",
    "place",
    "protocol",
    "ot_states",
    "ot_due_at",
    "owner_ids",
    "owner_names",
    "pattern",
    "site_ids",
    "first_at",
    "latest_at",
    "storm_since",
    "storm_before",
    "storm_hours",
    "storm_peers",
    "aside_until",
    "aside_by",
)


def _single_value_list(column: str) -> Func:
    return Func(column, template="ARRAY[%(expressions)s]", output_field=ArrayField(TextField()))


# The columns in which rows list what their incidents differ in, of a single incident.
STATE_OF_ONE = {
    "ot_states": _single_value_list("ot_state"),
    "owner_ids": _single_value_list("owner_id"),
    "owner_names": _single_value_list("owner_name"),
    "storm_since": Value(None, output_field=DateTimeField()),
    **dict.fromkeys(
        ("storm_before", "storm_hours", "storm_peers"), Value(None, output_field=IntegerField())
    ),
}


@dataclass(frozen=True, slots=True)
class IncidentListRow:
    """A group of equal incidents, or one incident, as a list shows it."""

    key: str  # of the group; empty for a single incident
    incident_id: int  # the lead: of the highest priority, the newest of these
    number: str
    n: int
    priority: int
    severity: str
    title: str
    ends: str
    rest: str
    context: Chip
    also: str  # further states with OT that its incidents are in
    due_at: str
    soon_at: str
    due_words: str
    due_tone: str
    is_answered: bool
    age: str  # of one incident
    span: str  # of several, from when to when
    since: str
    storm: str  # how fast it comes and what came before, of the row of a storm
    aside: str  # until when it is put aside, and by whom
    is_apart: bool  # of the source of a storm on the same page, but unlike the rest of it
    owner: str
    owners: str  # all of them in words, where they differ
    more_owners: int  # people beside the first
    is_partly_owned: bool  # nobody has taken the others
    is_mine: bool
    updated: Moment
    workspace: str  # this and what follows only where its column is shown
    lead: LeadFacts

    @property
    def ref(self) -> str:
        """What names the row in an address and in the page."""
        return self.key or str(self.incident_id)

    @property
    def select_label(self) -> str:
        """What the box that selects the row is called."""
        return gettext("Select %(title)s") % {"title": self.title}

    @property
    def lead_hint(self) -> str:
        """Whose priority a row of several shows."""
        words = gettext("%(number)s has the highest priority of these %(n)s incidents")
        return words % {"number": self.number, "n": number(self.n)}

    @property
    def is_many(self) -> bool:
        """Whether it holds several incidents."""
        return self.n > 1

    @property
    def target_field(self) -> str:
        """The name of the field that names the row in a form."""
        return "group" if self.key else "incident"

    @property
    def target(self) -> str:
        """What acting on the row acts on."""
        return f"{self.target_field}={self.ref}"

    @property
    def panel(self) -> str:
        """Where its side panel is, below the queue's address."""
        return f"groups/{self.key}/panel" if self.key else f"{self.incident_id}/panel"


@dataclass(frozen=True, slots=True)
class RowFormat:
    """What all rows of a page are formatted by."""

    now: datetime
    zones: Mapping[int, str]
    my_owner_ids: tuple[str, ...]
    is_local: bool = False  # the page says that moments are local to each plant
    hidden: HiddenVerdicts = NOTHING_HIDDEN  # from the reader
    workspaces: Callable[[], Mapping[int, str]] = dict  # names, looked up where one is shown
    columns: frozenset[str] = frozenset()  # of the table, as its reader chose them

    def zone(self, site_ids: Sequence[int]) -> tzinfo:
        """The plant's zone for what touches these sites; the reader's where it cannot be told."""
        names = {self.zones.get(pk, "") for pk in site_ids}
        return reader_clock().zone(names.pop() if len(names) == 1 else READER)

    @property
    def has_several_clocks(self) -> bool:
        """Whether rows are of plants in different zones, each on its own clock."""
        clock = reader_clock()
        several = len(set(self.zones.values())) > 1 and len(clock.plants) > 1
        return several and clock.chosen is None


def earlier_verdicts(
    patterns: Sequence[UUID | None], hidden: HiddenVerdicts = NOTHING_HIDDEN
) -> dict[UUID, tuple[str, int, int]]:
    """What OT said most often of each pattern: verdict, how often, out of how many."""
    result: dict[UUID, tuple[str, int, int]] = {}
    keys = list({pattern_key for pattern_key in patterns if pattern_key})
    if not keys:
        return result
    with connection.cursor() as cursor:  # fifty conditions would be built anew for each page
        cursor.execute(_EARLIER_VERDICTS, [keys])
        rows = cursor.fetchall()
    for pattern, *numbers in rows:
        verdicts = dict(zip(_VERDICTS, numbers, strict=True))
        if hidden:
            verdicts = hidden.counts_without(pattern, verdicts)
        counts = list(verdicts.values())
        judged = sum(counts)
        if judged:
            # One suspicious word outweighs the rest: it must never hide behind a majority.
            worst = 2 if counts[2] else max(range(4), key=lambda at: counts[at])
            result[pattern] = (_VERDICTS[worst], counts[worst], judged)
    return result


_EARLIER_VERDICTS = """
SELECT pattern, routine, maintenance, suspicious, not_sure
FROM incidents_patternmemory WHERE pattern = ANY(%s)"""

SOON = timedelta(minutes=30)


def _time_left(due: datetime, now: datetime) -> str:
    if due <= now:
        return gettext("Late %(span)s") % {"span": length(now - due)}
    return length(due - now)


def _tone(due: datetime, now: datetime) -> str:
    if due <= now:
        return "sla-late"
    return "sla-soon" if due - now <= SOON else ""


_VERDICTS = ("routine", "maintenance", "suspicious", "not-sure")


def list_rows(groups: Sequence[tuple], frame: RowFormat) -> list[IncidentListRow]:  # type: ignore[type-arg]  # values_list rows of COLUMNS
    """Make rows of what `values_list(*COLUMNS)` gave."""
    columns = [dict(zip(COLUMNS, group, strict=True)) for group in groups]
    if frame.hidden:
        columns = _mask_columns(columns, frame.hidden)
    never_asked = [group["pattern"] for group in columns if group["ot_states"] == [""]]
    earlier = earlier_verdicts(never_asked, frame.hidden)
    storms = {_raised_by(group) for group in columns if group["storm_since"]}
    workspaces = _workspaces_of_shared_numbers(columns, frame)
    leads = lead_facts(map(_lead_id, columns), frame.columns, frame.hidden)
    return [
        _row(
            group, earlier, frame, storms, workspaces, lead=leads.get(_lead_id(group), LeadFacts())
        )
        for group in columns
    ]


def _workspaces_of_shared_numbers(
    rows: Sequence[Mapping[str, Any]], frame: RowFormat
) -> dict[tuple[int, int], str]:
    """The workspace by id and number, of numbers that several workspaces of a page gave: Sentinel
    counts incidents in each workspace from one.
    """
    pairs = {(row["workspace_id"], row["number"]) for row in rows if row["number"] is not None}
    uses = Counter(number for _, number in pairs)
    shared = [pair for pair in pairs if uses[pair[1]] > 1]
    names = frame.workspaces() if shared else {}
    return {pair: names.get(pair[0], "") for pair in shared}


def _lead_id(group: Mapping[str, Any]) -> int:
    lead_id: int = group["lead_id"] or group["latest_id"]
    return lead_id


def _raised_by(group: Mapping[str, Any]) -> tuple[str, tuple[int, ...]]:
    return group["source"], tuple(group["site_ids"])


def _mask_columns(rows: list[dict], hidden: HiddenVerdicts) -> list[dict]:  # type: ignore[type-arg]  # column → value
    """The columns without verdicts that are hidden from the reader."""
    leads = {_lead_id(group): group for group in rows if group["pattern"] in hidden.by_pattern}
    parts = Incident.objects.filter(pk__in=leads).values_list("pk", "priority_parts")
    for pk, priority_parts in parts if leads else ():
        leads[pk]["priority"] = sum(part[1] for part in parts_without_verdicts(priority_parts))
    for group in rows:
        lead = _lead_id(group)
        states = group["ot_states"]
        is_covered = group["key"] in hidden.by_group or lead in hidden.by_incident
        if is_covered and states != [""]:
            group |= {"ot_states": [HIDDEN, *states[: states.count("")]], "ot_due_at": None}
    return rows


def _row(
    group: dict[str, Any],
    earlier: Mapping[UUID, tuple[str, int, int]],
    frame: RowFormat,
    storms: Collection[tuple[str, tuple[int, ...]]],
    workspaces: Mapping[tuple[int, int], str],
    *,
    lead: LeadFacts,
) -> IncidentListRow:
    zone = frame.zone(group["site_ids"])
    state, *others = sorted(group["ot_states"], key=OT_ORDER.index)
    waiting = OtState.WAITING in group["ot_states"]
    due = group["ot_due_at"] if waiting else None
    owners = group["owner_names"]
    named = [name for name in owners if name] or ["?" for owner in group["owner_ids"] if owner]
    lead_id = _lead_id(group)
    first_at, latest_at, is_many = group["first_at"], group["latest_at"], group["n"] > 1
    since = exact(first_at.astimezone(zone), first_at)
    workspace = workspaces.get((group["workspace_id"], group["number"]), "")
    if is_many:
        since = f"{since} – {exact(latest_at.astimezone(zone), latest_at)}"
    return IncidentListRow(
        key=str(group["key"] or ""),
        incident_id=lead_id,
        number=f"{workspace} {number_words(group['number'], lead_id)}".lstrip(),
        n=group["n"],
        priority=group["priority"],
        severity=Severity(group["severity"]).label,
        title=bare_title(group["title"]),
        ends=" → ".join(filter(None, (group["source"], peers_words(group)))),
        rest=" · ".join(filter(None, (group["place"], group["protocol"]))),
        context=ot_chip(state, earlier.get(group["pattern"])),
        also=", ".join(ot_chip(other).label for other in others),
        due_at=due.isoformat() if due else "",
        soon_at=(due - SOON).isoformat() if due else "",
        due_words=_time_left(due, frame.now) if due else "",
        due_tone=_tone(due, frame.now) if due else "",
        is_answered=bool(state) and not waiting and state != HIDDEN,
        age=age_of(first_at, frame.now),
        span=period_words(first_at, latest_at, frame.now, zone, is_local=frame.is_local)
        if is_many
        else "",
        since=since,
        storm=storm_words(group),
        aside=aside_words(group["aside_until"], group["aside_by"], frame.now, zone),
        is_apart=group["storm_since"] is None and _raised_by(group) in storms,
        owner=named[0] if named else "",
        owners=", ".join(name or gettext("Nobody") for name in owners) if len(owners) > 1 else "",
        more_owners=max(len(named) - 1, 0),
        is_partly_owned=bool(named) and "" in group["owner_ids"],
        is_mine=not {owner for owner in group["owner_ids"] if owner}.isdisjoint(frame.my_owner_ids),
        updated=moment_of(latest_at, frame.now, zone, is_local=frame.is_local),
        workspace=frame.workspaces().get(group["workspace_id"], "")
        if "workspace" in frame.columns
        else "",
        lead=lead,
    )
