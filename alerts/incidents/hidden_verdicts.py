"""Rows as one reader may see them: without the verdicts on which their own opinion is awaited.

`incidents_visible_to` and `groups_visible_to` hand out such rows. What reads columns instead of
rows, to list, to filter or to count, asks `hidden_from` here.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, F, Func, Model, Q, QuerySet, SmallIntegerField, Value, When
from django.db.models.expressions import Combinable
from django.db.models.query import ModelIterable

from alerts.incidents.engine.hidden_verdicts import (
    HIDDEN_LABELS,
    HIDDEN_PARTS,
    NOTHING_HIDDEN,
    HiddenVerdict,
    HiddenVerdicts,
    labels_without_verdict,
    parts_without_verdicts,
)
from alerts.incidents.models import Group, Incident, OtState
from alerts.incidents.models.group import HAS_OT_STATE
from portal.accounts.models import User
from portal.accounts.queries import roles_of
from portal.accounts.rights import OT_ROLES
from portal.rooms import Contribution

_FIELDS: dict[bool, Any] = {
    False: Incident._meta.get_field("ot_state"),
    True: Group._meta.get_field("ot_states"),
}
_CACHE_ATTRIBUTE = "_tagout_hidden_verdicts"


@dataclass(frozen=True, slots=True)
class HiddenVerdictSource(Contribution):
    """Returns which verdicts are hidden from a person of OT."""

    read: Callable[[User], Iterable[HiddenVerdict]]


def hidden_from(user: User) -> HiddenVerdicts:
    """Return the verdicts hidden from a person, read once a request; only OT costs a query."""
    hidden: HiddenVerdicts | None = user.__dict__.get(_CACHE_ATTRIBUTE)
    if hidden is None:
        hidden = NOTHING_HIDDEN
        sources = HiddenVerdictSource.entries
        if sources and not roles_of(user).isdisjoint(OT_ROLES):
            hidden = HiddenVerdicts(sources[0].read(user)) or NOTHING_HIDDEN
        user.__dict__[_CACHE_ATTRIBUTE] = hidden
    return hidden


def mask_verdicts[M: Model](user: User, rows: QuerySet[M]) -> QuerySet[M]:
    """Return the same rows, each without hidden verdicts once it is read; costs no query more."""
    if roles_of(user).isdisjoint(OT_ROLES):
        return rows

    class MaskedRows(ModelIterable):  # type: ignore[type-arg]  # at run time it takes none
        def __iter__(self) -> Iterator[M]:
            for row in super().__iter__():
                if hidden := hidden_from(user):
                    _mask(row, hidden)
                yield row

    rows._iterable_class = MaskedRows
    return rows


def _mask(row: Model, hidden: HiddenVerdicts) -> None:
    """Take hidden verdicts out of a row. Columns that were not read stay unread."""
    if isinstance(row, Group):
        if row.key in hidden.by_group:
            unasked = [state for state in row.ot_states if state == OtState.NOT_ASKED]
            row.ot_states, row.ot_due_at = [*unasked, OtState.WAITING], None
    elif isinstance(row, Incident):
        row.hidden = hidden
        read = row.__dict__
        if "priority_parts" in read and read.get("pattern") in hidden.by_pattern:
            row.priority_parts = parts_without_verdicts(row.priority_parts)
            row.priority = sum(part[1] for part in row.priority_parts)
        if row.pk not in hidden.by_incident:
            return
        if "labels" in read:
            row.labels = labels_without_verdict(row.labels)
        if read.get("ot_state"):
            row.standing_ot_state = row.ot_state
            row.ot_state, row.ot_due_at = OtState.WAITING, None


def is_shown(condition: Q, *, of_hidden: bool, hidden: HiddenVerdicts, of_groups: bool) -> Q:
    """Return a condition on verdicts for the reader; hidden verdicts meet it or not, all alike."""
    if not hidden:
        return condition
    rows = _rows_with_hidden(hidden, of_groups=of_groups)
    return condition | rows if of_hidden else condition & ~rows


def ot_state_is(states: Iterable[str], *, hidden: HiddenVerdicts, of_groups: bool = False) -> Q:
    """Return the condition on an OT state of a row; a hidden verdict counts as “waiting”."""
    values = [*states]
    if of_groups:
        condition = Q(ot_states__overlap=values)
        if OtState.NOT_ASKED not in values:
            condition &= HAS_OT_STATE
    else:
        condition = Q(ot_state__in=values) if len(values) != 1 else Q(ot_state=values[0])
    of_hidden = OtState.WAITING in values
    return is_shown(condition, of_hidden=of_hidden, hidden=hidden, of_groups=of_groups)


def masked_ot_state(hidden: HiddenVerdicts, *, of_groups: bool = False) -> Combinable:
    """Return the OT state of an incident, or those of a row of the queue, as an expression for
    those who read columns.
    """
    column = F("ot_states" if of_groups else "ot_state")
    if not hidden:
        return column
    covered = _rows_with_hidden(hidden, of_groups=of_groups)
    waiting = Value([OtState.WAITING]) if of_groups else Value(OtState.WAITING)
    return Case(When(covered, then=waiting), default=column, output_field=_FIELDS[of_groups])


def _rows_with_hidden(hidden: HiddenVerdicts, *, of_groups: bool) -> Q:
    """The rows of which the verdict is hidden. One that nobody judged any more has none to hide."""
    if of_groups:
        return Q(key__in=[*hidden.by_group]) & HAS_OT_STATE
    return Q(pk__in=[*hidden.by_incident]) & ~Q(ot_state=OtState.NOT_ASKED)


def has_label(label: str, *, hidden: HiddenVerdicts) -> Q:
    """Return the condition that an incident has this label and it shows no hidden verdict."""
    condition = Q(labels__contains=[label])
    if hidden and label.casefold() in HIDDEN_LABELS:
        return condition & ~Q(pk__in=[*hidden.by_incident])
    return condition


def masked_columns(hidden: HiddenVerdicts) -> dict[str, Combinable]:
    """Return expressions for the columns that show verdicts; none where nothing is hidden."""
    if not hidden:
        return {}
    covered = Q(pk__in=[*hidden.by_incident])
    alike = Q(pattern__in=[*hidden.by_pattern])
    return {
        "ot_state": masked_ot_state(hidden),
        "ot_due_at": Case(When(covered, then=Value(None)), default=F("ot_due_at")),
        "labels": Case(When(covered, then=_Labels("labels")), default=F("labels")),
        "priority": Case(When(alike, then=_Score("priority_parts")), default=F("priority")),
        "priority_parts": Case(
            When(alike, then=_Parts("priority_parts")), default=F("priority_parts")
        ),
    }


def _listed(words: Iterable[str]) -> str:
    return ", ".join(f"'{word}'" for word in words)


class _Labels(Func):
    """The labels that do not reveal OT's answer."""

    template = (
        "ARRAY(SELECT label FROM unnest(%(expressions)s) WITH ORDINALITY AS l(label, place)"
        f" WHERE lower(label) NOT IN ({_listed(sorted(HIDDEN_LABELS))}) ORDER BY place)"
    )


_PARTS = (
    "FROM jsonb_array_elements(%(expressions)s) WITH ORDINALITY AS p(part, place)"
    f" WHERE part->>0 NOT IN ({_listed(HIDDEN_PARTS)})"
)


class _Parts(Func):
    """The parts of a priority that do not count verdicts."""

    template = f"(SELECT coalesce(jsonb_agg(part ORDER BY place), '[]') {_PARTS})"


class _Score(Func):
    """What these parts add up to."""

    template = f"(SELECT least(100, greatest(0, coalesce(sum((part->>1)::int), 0))) {_PARTS})"
    output_field = SmallIntegerField()
