"""How our automation rules stand, as the database says it: for lists and their filters."""

from typing import Final

from django.db.models import BooleanField, Case, Exists, F, OuterRef, Q, Value, When
from django.db.models.expressions import Combinable

from alerts.outbox.models import Landing, RuleKind
from alerts.outbox.queries import wanted_rules

RULE_STANDINGS: Final = ("there", "gone", "coming", "going", "refused", "held")
GATE_STANDINGS: Final = ("closed", "open", "opening", "closing")

_WANTED = Q(wanted__isnull=False)
_AS_WANTED = Q(outcome=Landing.LANDED, landed_version=F("wanted_version"))
_GATE = Q(kind=RuleKind.GATE)
_OPEN = Q(wanted__triggeringLogic__isEnabled=True)

# The same words as `deployments.gate_of` and `Deployment.standing`; a test holds them together.
STANDING: Final = Case(
    When(outcome__in=(Landing.REFUSED, Landing.HELD), then=F("outcome")),
    When(_GATE & _AS_WANTED & _OPEN & Q(landed__isnull=False), then=Value("open")),
    When(_GATE & _AS_WANTED & Q(landed__isnull=False), then=Value("closed")),
    When(_GATE & _OPEN, then=Value("opening")),
    When(_GATE, then=Value("closing")),
    When(_AS_WANTED & _WANTED, then=Value("there")),
    When(_AS_WANTED, then=Value("gone")),
    When(_WANTED, then=Value("coming")),
    default=Value("going"),
)


def stands_everywhere(about: str) -> Combinable:
    """Whether each workspace holds exactly what is wanted of a rule (F26); null where Sentinel is
    to hold nothing of it. `about` is where its UUID stands.
    """
    rows = wanted_rules().select_related(None).order_by()
    wanted = rows.filter(_WANTED, about=OuterRef(about), kind=RuleKind.RULE)
    return Case(
        When(~Exists(wanted), then=Value(None)),
        default=~Exists(wanted.exclude(_AS_WANTED)),
        output_field=BooleanField(null=True),
    )
