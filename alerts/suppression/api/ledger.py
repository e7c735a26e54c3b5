"""The ledger as a list, whole and of one rule."""

from collections.abc import Callable
from typing import Any

from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.db.models.expressions import Combinable
from django.utils.translation import gettext, gettext_lazy
from rest_framework.serializers import (
    CharField,
    ChoiceField,
    DateTimeField,
    IntegerField,
    ListField,
    UUIDField,
)

from alerts.incidents.queries import incidents_visible_to
from alerts.rules.sentence import Sentence, translated_sentence
from alerts.suppression.enforcing.explain import reasons_visible_to
from alerts.suppression.models import Ending, LedgerAct, LedgerEntry, Where
from alerts.suppression.policies import PROPOSING
from alerts.suppression.queries import ledger_visible_to
from alerts.suppression.watching.roll_back import confirm_close
from portal.accounts.models import TokenScope, User
from portal.api.fields import (
    QueryChoices,
    QueryFlag,
    QueryMoment,
    QueryNumber,
    QueryText,
    WordField,
)
from portal.api.listing import ListFilter, Listing, ListRow, Order, Own
from portal.api.requests import NoInput
from portal.api.views import Resource, command
from portal.ui.words import numeral

ENDINGS = {ending or "stands": ending for ending in Ending.values}


def _waits_for_review(is_waiting: bool) -> Q:
    waits = Q(review_again_at__isnull=False, reviewed_at=None)
    return waits if is_waiting else ~waits


type Stored = list[tuple[str, dict[str, str]]]


def _sentences(rows: Stored) -> list[str]:
    return [
        translated_sentence(Sentence(code, **detail), gettext, numeral) for code, detail in rows
    ]


def guard_reasons_for(person: User) -> Callable[[Stored], list[str]]:
    """Return what makes sentences of the reasons of a line, as far as the person may know them."""

    def read(rows: Stored) -> list[str]:
        reasons = [Sentence(code, **detail) for code, detail in rows]
        return [
            translated_sentence(reason, gettext, numeral)
            for reason in reasons_visible_to(person, reasons)
        ]

    return read


class LedgerEntrySerializer(ListRow):
    """What rules did to incidents, latest first: one line for each incident that a version tagged
    or closed.
    """

    id = IntegerField(source="pk", help_text="of the line")
    rule = UUIDField(source="rule.uuid", help_text="which rule")
    rule_number = IntegerField(source="rule.number", help_text="12 for R-12")
    version = IntegerField(source="version.number", help_text="which version of it")
    hash = CharField(source="rule_hash", help_text="of what was signed")
    incident = IntegerField(allow_null=True, help_text="its id, where you may see it")
    workspace = CharField(
        source="incident.workspace.name", help_text="where the incident came from"
    )
    act = ChoiceField(LedgerAct.values, help_text="a trial tags, a live rule closes")
    where = ChoiceField(Where.values, help_text="whose hand it was")
    at = DateTimeField(help_text="when")
    reason = CharField(help_text="why it is routine")
    signed_ot = CharField(help_text="who signed for OT")
    signed_soc = CharField(help_text="who signed for the SOC")
    landed_at = DateTimeField(allow_null=True, help_text="since when Sentinel has it")
    ending = WordField(ENDINGS, help_text="what became of it")
    ended_at = DateTimeField(allow_null=True, help_text="when")
    ending_note = CharField(help_text="how that is known")
    look_again_at = DateTimeField(
        allow_null=True,
        source="review_again_at",
        help_text="since when somebody should look at it again",
    )
    looked_at = DateTimeField(allow_null=True, source="reviewed_at", help_text="when somebody did")
    kept_open = ListField(
        child=CharField(),
        help_text="of a trial: why a guard keeps open what the rule covers; such a line counts "
        "only once a person found the incident harmless",
    )
    text = CharField(help_text="as it stands in Sentinel")

    class Meta:
        wide = ("text",)


LEDGER = Listing(
    LedgerEntrySerializer,
    Order("at"),
    filters=(
        ListFilter("rule", UUIDField(), "of one rule", "rule__uuid"),
        ListFilter("rule_number", QueryNumber(), "12 for R-12", "rule__number"),
        ListFilter("workspace", QueryText(), "name of one workspace", "incident__workspace__name"),
        ListFilter("act", QueryChoices(LedgerAct.values), "one or several", "act__in"),
        ListFilter("ending", QueryChoices(ENDINGS), "one or several", "ending__in"),
        ListFilter(
            "look_again", QueryFlag(), "waits for somebody to look again", _waits_for_review
        ),
        ListFilter("at_from", QueryMoment(), "at or after", "at__gte", indexed=True),
        ListFilter("at_before", QueryMoment(), "before", "at__lt", indexed=True),
    ),
    reads={"kept_open": _sentences},
)


def incident_of(person: User) -> Combinable:
    """The id of a line's incident, where the person may see it."""
    visible = incidents_visible_to(person).filter(pk=OuterRef("incident")).order_by()
    return Subquery(visible.values("pk")[:1])


class LedgerViewSet(Resource):
    """What rules did to incidents."""

    tag = "ledger"
    title = gettext_lazy("Ledger")
    listing = LEDGER

    def rows(self) -> QuerySet[LedgerEntry]:
        """Lines of the rules that the person may see."""
        return ledger_visible_to(self.person)

    def own(self) -> Own:
        """Only incidents that this person may see, and no reason that is hidden from them."""
        return Own(
            sources={"incident": incident_of(self.person)},
            reads={"kept_open": guard_reasons_for(self.person)},
        )

    @command(NoInput, scope=TokenScope.RULES_WRITE, roles=PROPOSING)
    def looked_at(self, row: LedgerEntry, values: dict[str, Any]) -> None:
        """Say that you looked at this incident again, and let its close stand."""
        confirm_close(entry_id=row.pk, by=self.person, now=self.now)
