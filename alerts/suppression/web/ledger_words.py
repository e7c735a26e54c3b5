"""What a line of the ledger says in words, and what the lines can be narrowed to."""

from dataclasses import dataclass

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext, gettext_lazy

from alerts.suppression.models import Act, Ending, LedgerEntry, Where
from portal.ui.pieces import with_query

STANDS = "stands"  # how an address names the ending that is none
ENDINGS = {
    Ending.NOTHING: (gettext_lazy("Stands"), "ok", "check"),
    Ending.REOPENED: (gettext_lazy("Reopened"), "high", "undo-2"),
    Ending.TRUE_POSITIVE: (gettext_lazy("True positive"), "high", "flag"),
    Ending.LINKED: (gettext_lazy("Linked to a true positive"), "high", "link"),
    Ending.JOINED: (gettext_lazy("An uncovered alert joined"), "high", "plus"),
    Ending.NOT_SENT: (gettext_lazy("Not carried out"), "", "x"),
}
ACTS = {
    Act.TAGGED: (gettext_lazy("Would close"), "maint", "flask-conical"),
    Act.CLOSED: (gettext_lazy("Closed"), "ok", "circle-check"),
}
KEPT_OPEN = (gettext_lazy("Covered, kept open"), "", "eye")  # by a guard, not by the trial alone
WHERE = {Where.TAGOUT: gettext_lazy("Tagout"), Where.SENTINEL: gettext_lazy("Sentinel")}


@dataclass(frozen=True, slots=True)
class Filter:
    """One thing to narrow the lines to: the value that was chosen, or all that can be."""

    label: str
    chosen: str
    without: str
    choices: list[tuple[str, str]]  # label, address


def filters_of(request: HttpRequest, where: str, ending: str) -> list[Filter]:
    """What the lines can be narrowed to, and what was chosen."""
    names: dict[str, dict[str, str]] = {
        "where": {str(each): str(label) for each, label in WHERE.items()},
        "ending": {str(each) or STANDS: str(said[0]) for each, said in ENDINGS.items()},
    }
    labels = {"where": gettext("Where"), "ending": gettext("Outcome")}
    return [
        Filter(
            label=labels[name],
            chosen=values.get(chosen, ""),
            without=with_query(request.GET, {name: None, "after": None}),
            choices=[
                (label, with_query(request.GET, {name: value, "after": None}))
                for value, label in values.items()
            ],
        )
        for (name, values), chosen in zip(names.items(), (where, ending), strict=True)
    ]


def narrowed(entries: QuerySet[LedgerEntry], where: str, ending: str) -> QuerySet[LedgerEntry]:
    """The lines that an address asks for; what it does not know leaves nothing out."""
    if where in Where.values:
        entries = entries.filter(where=where)
    wanted = "" if ending == STANDS else ending or None
    return entries.filter(ending=wanted) if wanted in Ending.values else entries
