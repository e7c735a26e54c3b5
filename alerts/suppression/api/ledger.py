"""The ledger as a list, whole and of one rule."""

from collections.abc import Callable
from typing import Any

from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.db.models.expressions import Combinable
from django.utils.translation import gettext

from alerts.incidents.queries import incidents_visible_to
from alerts.suppression.engine.words import Sentence, words
from alerts.suppression.models import Act, Ending, LedgerEntry, Where
from alerts.suppression.policies import PROPOSING
from alerts.suppression.queries import ledger_visible_to
from alerts.suppression.reads.reasons import reasons_visible_to
from alerts.suppression.services.look_again import tick_off
from portal.accounts.models import TokenScope, User
from portal.api.bodies import Nothing
from portal.api.kinds import FLAG, ID, MOMENT, NUMBER, TEXT, one_of
from portal.api.listing import Column, Filter, Listing, Order, Own
from portal.api.views import Resource, command
from portal.ui.words import numeral

ACT = one_of({word: word for word in Act.values})
WHERE = one_of({word: word for word in Where.values})
ENDINGS = {ending or "stands": ending for ending in Ending.values}
ENDING = one_of(ENDINGS)
_ENDING_WORDS = {value: word for word, value in ENDINGS.items()}


def _look_again(wanted: bool) -> Q:
    waits = Q(review_again_at__isnull=False, reviewed_at=None)
    return waits if wanted else ~waits


type Stored = list[tuple[str, dict[str, str]]]


def _sentences(rows: Stored) -> list[str]:
    return [words(Sentence(code, **detail), gettext, numeral) for code, detail in rows]


def kept_open_for(person: User) -> Callable[[Stored], list[str]]:
    """Return what makes sentences of the reasons of a line, as far as the person may know them."""

    def read(rows: Stored) -> list[str]:
        reasons = [Sentence(code, **detail) for code, detail in rows]
        return [words(each, gettext, numeral) for each in reasons_visible_to(person, reasons)]

    return read


LEDGER = Listing(
    "LedgerEntry",
    "What rules did to incidents, latest first: one line for each incident that a version tagged "
    "or closed.",
    (
        Column("id", NUMBER, "of the line", "pk"),
        Column("rule", ID, "which rule", "rule__uuid"),
        Column("rule_number", NUMBER, "12 for R-12", "rule__number"),
        Column("version", NUMBER, "which version of it", "version__number"),
        Column("hash", TEXT, "of what was signed", "rule_hash"),
        Column("incident", NUMBER.or_null(), "its id, where you may see it"),
        Column("workspace", TEXT, "where the incident came from", "incident__workspace__name"),
        Column("act", ACT, "a trial tags, a live rule closes"),
        Column("where", WHERE, "whose hand it was"),
        Column("at", MOMENT, "when"),
        Column("reason", TEXT, "why it is routine"),
        Column("signed_ot", TEXT, "who signed for OT"),
        Column("signed_soc", TEXT, "who signed for the SOC"),
        Column("landed_at", MOMENT.or_null(), "since when Sentinel has it"),
        Column("ending", ENDING, "what became of it", read=_ENDING_WORDS.__getitem__),
        Column("ended_at", MOMENT.or_null(), "when"),
        Column("ending_note", TEXT, "how that is known"),
        Column("look_again_at", MOMENT.or_null(), "since when somebody should look at it again",
               "review_again_at"),
        Column("looked_at", MOMENT.or_null(), "when somebody did", "reviewed_at"),
        Column("kept_open", TEXT.many(), "of a trial: why a guard keeps open what the rule covers; "
               "such a line counts only once a person found the incident harmless",
               read=_sentences),
        Column("text", TEXT, "as it stands in Sentinel", wide=True),
    ),
    Order("at"),
    (
        Filter("rule", ID, "of one rule", lambda it: Q(rule__uuid=it)),
        Filter("rule_number", NUMBER, "12 for R-12", lambda number: Q(rule__number=number)),
        Filter("workspace", TEXT, "name of one workspace",
               lambda name: Q(incident__workspace__name=name)),
        Filter("act", ACT, "one or several", lambda these: Q(act__in=these)),
        Filter("ending", ENDING, "one or several", lambda these: Q(ending__in=these)),
        Filter("look_again", FLAG, "waits for somebody to look again", _look_again),
        Filter("at_from", MOMENT, "at or after", lambda at: Q(at__gte=at), indexed=True),
        Filter("at_before", MOMENT, "before", lambda at: Q(at__lt=at), indexed=True),
    ),
)  # fmt: skip


def incident_of(person: User) -> Combinable:
    """The id of a line's incident, where the person may see it."""
    seen = incidents_visible_to(person).filter(pk=OuterRef("incident")).order_by()
    return Subquery(seen.values("pk")[:1])


class LedgerViewSet(Resource):
    """What rules did to incidents."""

    tag = "ledger"
    listing = LEDGER

    def rows(self) -> QuerySet[LedgerEntry]:
        """Lines of the rules that the person may see."""
        return ledger_visible_to(self.person)

    def own(self) -> Own:
        """Only incidents that this person may see, and no reason that is hidden from them."""
        return Own(
            sources={"incident": incident_of(self.person)},
            reads={"kept_open": kept_open_for(self.person)},
        )

    @command(Nothing, scope=TokenScope.RULES_WRITE, roles=PROPOSING)
    def looked_at(self, row: LedgerEntry, said: dict[str, Any]) -> None:
        """Say that you looked at this incident again, and let its close stand."""
        tick_off(entry_id=row.pk, by=self.person, now=self.now)
