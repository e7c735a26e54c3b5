"""What a signed rule no longer fits because the plant has changed: a device took the place of one
that fell silent, has another address, or came to others; a job moved to another hour
(suppression §9). Each is one line of the rule that would be worded anew, never wider than what was
there: of what a newcomer does beyond it, nothing is covered.

A drift is a question, not a change: facts against it and for it are computed, people decide.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from alerts.patterns.engine.cells import CellHour
from alerts.patterns.engine.drift_facts import (
    DeviceRecord,
    DriftFact,
    HabitSides,
    facts_about_hours,
    facts_about_joining,
    facts_about_renumbering,
    facts_about_replacing,
)
from alerts.patterns.engine.pattern import Strictness, strictness_of
from alerts.patterns.engine.sightings import (
    Deed,
    RoleSighting,
    RuleOnCells,
    SiteCells,
    common_groups,
    hour_number,
    is_in_hours,
)
from alerts.rules.fields import Operator
from alerts.rules.rule import MAX_VALUES, Clause, RuleDefinition
from alerts.rules.windows import DAYS, minutes_a_week

LISTING: Final = frozenset(
    {
        *("source_device", "source_address", "destination_device", "destination_address"),
        *("any_device", "any_address"),
    }
)
MIN_ALERTS, MIN_DAYS = 2, 2  # of what began; fewer are chance
MIN_ALERTS_OF_MORE: Final = 3  # where nothing fell silent
MIN_HABIT_DAYS: Final = 3  # of what fell silent, before it did
HABIT_DAYS: Final = 28  # in which its rhythm is measured
CHANCE_OF_SILENCE: Final = 0.05  # below which a silence is none by chance
MAX_JOINED: Final = 5  # that one line is asked about at a time: more are a project, not a drift
MIN_REST: Final = 3  # of a list, for one more that behaves like the rest
REST_DAYS: Final = 14  # in which the rest was seen
MAX_SHIFT: Final = 12  # hours, either way
MAX_WINDOW: Final = 84 * 60  # minutes a week: of wider hours a move cannot be told
_WINDOW = re.compile(rf"({'|'.join(DAYS)}) (\d\d):(\d\d)-(\d\d):(\d\d) (\S+)", re.ASCII)
_WEEK: Final = 7 * 1440


class DriftKind(StrEnum):
    """What changed in the plant."""

    REPLACED = "replaced"  # another device does what one did that fell silent
    RENUMBERED = "renumbered"  # the same device by its name, with another address
    JOINED = "joined"  # one more behaves as those that the rule lists
    MOVED = "moved"  # the same devices at another hour


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """One change, and the line of the rule that it would change. `before` is empty where something
    joined; for a move both are hours. Days are ordinals of the plant's calendar.
    """

    kind: DriftKind
    line: Clause
    new_line: Clause
    before: str
    after: str
    latest_day: int  # of what fell silent; 0 where nothing did
    first_day: int  # of what began
    alerts: int  # of what began, as far as the new line would cover it
    days: int
    cells: tuple[int, ...]
    more: tuple[Deed, ...]  # what the newcomer does beyond it, and which stays open
    against: tuple[DriftFact, ...]
    in_favour: tuple[DriftFact, ...]


def find_drifts(
    rule: RuleDefinition,
    site: SiteCells,
    *,
    signed_day: int,
    today: int,
    described: Mapping[str, DeviceRecord],
) -> list[Drift]:
    """Return what a rule no longer fits, of what began after the day on which it was worded. A
    name is in at most one of them, and so is each line.
    """
    on_cells = RuleOnCells(rule, site)
    if not on_cells.is_readable:
        return []
    context = _Context(on_cells, signed_day, today, described)
    found: list[Drift] = []
    for line in rule.all_of:
        if line.field == "time":
            found += context.moved(line)
        elif line.field in LISTING and line.operator in (Operator.IS, Operator.IS_ONE_OF):
            found += context.changes_of_list(line)
    return found


@dataclass(frozen=True, slots=True)
class _Context:
    rule: RuleOnCells
    signed_day: int
    today: int
    described: Mapping[str, DeviceRecord]

    def changes_of_list(self, line: Clause) -> Iterator[Drift]:
        """Yield who took the place of a listed device, or else who came to them."""
        sightings = self.rule.sightings(line)
        listed = [sightings[name] for name in line.texts if name in sightings]
        silent = [row for row in listed if self._is_silent(row)]
        joined = 0
        for new in sorted(sightings.values(), key=lambda row: (row.first, row.name)):
            if new.name in line.texts or not self._may_be_newcomer(new):
                continue
            old = next((row for row in silent if self._takes_place(new, row)), None)
            if old is not None:
                silent.remove(old)
                yield self._replaced(line, old, new)
            elif joined < MAX_JOINED and self._joins(new, listed) and len(line.values) < MAX_VALUES:
                joined += 1
                yield self._joined(line, listed, new)

    def _may_be_newcomer(self, new: RoleSighting) -> bool:
        site = self.rule.site
        return (
            new.alerts >= MIN_ALERTS
            and len(new.days) >= MIN_DAYS
            and new.first // 24 > self.signed_day
            and not new.end.is_outside
            and new.group.is_named
            and self._are_harmless(site.positions_of(new.name, new.end))
            and not any(site.is_doubted(name) for name in (new.end.device, new.end.address) if name)
        )

    def _are_harmless(self, positions: Iterable[int]) -> bool:
        """Whether nothing in these cells is beyond what any rule may take."""
        cells = [self.rule.site.cells[position] for position in positions]
        return not any(
            cell.key.source.is_critical
            or cell.key.destination.is_critical
            or cell.is_suspect
            or strictness_of(cell) == Strictness.NEVER
            for cell in cells
        )

    def _is_silent(self, old: RoleSighting) -> bool:
        """Whether a device that had a rhythm has been silent for longer than chance explains, in
        everything it did: also where alerts show nothing but its address.
        """
        end = old.end if old.name == old.end.device else None  # an address may have moved on
        return (
            old.latest == self.rule.site.latest_of(old.name, end)
            and not old.end.is_critical
            and self._are_harmless(old.cells)
            and is_long_silence(old.days, today=self.today)
        )

    def _takes_place(self, new: RoleSighting, old: RoleSighting) -> bool:
        """Whether one does nothing that the other did not, there and since that fell silent: under
        its name, too, where the line lists its address.
        """
        device = old.end.device
        if device and device != new.end.device and self.rule.site.latest_of(device) > old.latest:
            return False
        return (
            new.group == old.group
            and old.latest <= new.first
            and new.partners <= old.partners
            and new.types <= old.types
            and new.functions <= old.functions
        )

    def _joins(self, new: RoleSighting, listed: list[RoleSighting]) -> bool:
        """Whether a device behaves as all of a list that is at work: it does nothing there that not
        at least two of them do.
        """
        rest = [row for row in listed if max(row.days) >= self.today - REST_DAYS]
        if len(rest) < MIN_REST or common_groups(rest) != {new.group}:
            return False
        if new.alerts < MIN_ALERTS_OF_MORE:
            return False
        return (
            all(sum(item in row.partners for row in rest) >= 2 for item in new.partners)
            and all(sum(item in row.types for row in rest) >= 2 for item in new.types)
            and all(sum(item in row.functions for row in rest) >= 2 for item in new.functions)
        )

    def _replaced(self, line: Clause, old: RoleSighting, new: RoleSighting) -> Drift:
        is_same_device = bool(old.end.device) and old.end.device == new.end.device
        more = self._more_of(new, [old])
        names = HabitSides(old=old, new=new, more=more, described=self.described)
        return self._drift(
            DriftKind.RENUMBERED if is_same_device else DriftKind.REPLACED,
            line,
            [*(value for value in line.texts if value != old.name), new.name],
            before=old,
            new=new,
            more=more,
            facts=(facts_about_renumbering if is_same_device else facts_about_replacing)(names),
        )

    def _joined(self, line: Clause, listed: list[RoleSighting], new: RoleSighting) -> Drift:
        more = self._more_of(new, listed)
        return self._drift(
            DriftKind.JOINED,
            line,
            [*line.texts, new.name],
            before=None,
            new=new,
            more=more,
            facts=facts_about_joining(new, listed, more=more, described=self.described),
        )

    def _more_of(self, new: RoleSighting, others: list[RoleSighting]) -> tuple[Deed, ...]:
        """Return what a newcomer does that none of these did, and no line will cover."""
        site, usual = self.rule.site, set[Deed]()
        for row in others:
            usual |= site.deeds_of(row.name).keys()
        covered = set(new.cells)
        return tuple(
            deed
            for deed, positions in sorted(site.deeds_of_end(new.name, new.end).items())
            if deed not in usual and not covered.issuperset(positions)
        )

    def _drift(
        self,
        kind: DriftKind,
        line: Clause,
        values: list[str],
        *,
        before: RoleSighting | None,
        new: RoleSighting,
        more: tuple[Deed, ...],
        facts: tuple[tuple[DriftFact, ...], tuple[DriftFact, ...]],
    ) -> Drift:
        return Drift(
            kind=kind,
            line=line,
            new_line=_line_of(line.field, values),
            before=before.name if before else "",
            after=new.name,
            latest_day=before.latest // 24 if before else 0,
            first_day=new.first // 24,
            alerts=new.alerts,
            days=len(new.days),
            cells=tuple(new.cells),
            more=more,
            against=facts[0],
            in_favour=facts[1],
        )

    def moved(self, line: Clause) -> Iterator[Drift]:
        """Yield that all of a job left its hours for others, as many hours later or earlier."""
        if minutes_a_week(line.texts) > MAX_WINDOW or len(self.rule.when) != 1:
            return
        inside: list[CellHour] = []
        outside: list[tuple[int, CellHour]] = []
        regular = set[int]()  # cells that keep, or kept, to the hours
        for position in self.rule.fitting():
            for occurrence in self.rule.site.cells[position].occurrences:
                if is_in_hours(occurrence, line.texts):
                    inside.append(occurrence)
                    regular.add(position)
                else:
                    outside.append((position, occurrence))
        if not inside or not is_long_silence({o.day for o in inside}, today=self.today):
            return
        latest = max(map(hour_number, inside))
        begun = [(at, o) for at, o in outside if hour_number(o) > latest]
        cells, days = sorted({at for at, _ in begun}), {o.day for _, o in begun}
        alerts = sum(o.alerts for _, o in begun)
        if alerts < MIN_ALERTS or len(days) < MIN_DAYS or min(days) <= self.signed_day:
            return
        if not regular.issuperset(cells) or not self._are_harmless(self.rule.fitting()):
            return
        windows = _shifted_to([o for _, o in begun], line.texts)
        if windows is None:
            return
        against, in_favour = facts_about_hours(
            [self.rule.site.cells[at] for at in cells], before=inside, begun=[o for _, o in begun]
        )
        yield Drift(
            kind=DriftKind.MOVED,
            line=line,
            new_line=Clause("time", Operator.WITHIN, windows),
            before="; ".join(line.texts),
            after="; ".join(windows),
            latest_day=latest // 24,
            first_day=min(days),
            alerts=alerts,
            days=len(days),
            cells=tuple(cells),
            more=(),
            against=against,
            in_favour=in_favour,
        )


def is_long_silence(days: set[int], *, today: int) -> bool:
    """Whether what came on these days has been silent for longer than chance explains: it came on
    one share of the days, and would have come on one of those since. Today is not over.
    """
    latest = max(days)
    span = [day for day in days if day > latest - HABIT_DAYS]
    if len(span) < MIN_HABIT_DAYS:
        return False
    share = len(span) / (latest - min(span) + 1)
    silent = today - 1 - latest
    return silent > 0 and (1 - share) ** silent <= CHANCE_OF_SILENCE


def _line_of(field: str, values: Iterable[str]) -> Clause:
    texts = tuple(sorted(set(values)))
    return Clause(field, Operator.IS if len(texts) == 1 else Operator.IS_ONE_OF, texts)


def _shifted_to(begun: list[CellHour], windows: tuple[str, ...]) -> tuple[str, ...] | None:
    """Return the windows moved by whole hours, as long as they were, with all that began well
    inside; None where no move does that.
    """
    for direction in (-1, 1):
        fitting = []
        for hours in range(1, MAX_SHIFT + 1):
            moved = tuple(_shifted(window, direction * hours * 60) for window in windows)
            is_whole = not any(_is_empty(window) for window in moved)
            if is_whole and all(is_in_hours(occurrence, moved) for occurrence in begun):
                fitting.append(moved)
        if fitting:
            return Clause("time", Operator.WITHIN, fitting[len(fitting) // 2]).texts
    return None


def _is_empty(window: str) -> bool:
    """Whether a window ends where it begins, as a whole day would that is moved."""
    found = _WINDOW.fullmatch(window)
    return found is not None and found.group(2, 3) == found.group(4, 5)


def _shifted(window: str, minutes: int) -> str:
    """Return a weekly window as long as it was, so much later in the week."""
    found = _WINDOW.fullmatch(window)
    if found is None:
        raise ValueError(f"{window} is no weekly window")
    start = int(found[2]) * 60 + int(found[3])
    length = (int(found[4]) * 60 + int(found[5]) - start) % 1440 or 1440
    at = (DAYS.index(found[1]) * 1440 + start + minutes) % _WEEK
    end = (at % 1440 + length) % 1440
    begins, ends = (f"{m // 60:02}:{m % 60:02}" for m in (at % 1440, end or 1440))
    return f"{DAYS[at // 1440]} {begins}-{ends} {found[6]}"
