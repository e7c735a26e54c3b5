"""What should be in Sentinel and what does: rows for the page and the API, and the same states as
SQL for lists and their filters.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import BooleanField, Case, Exists, F, OuterRef, Q, QuerySet, Value, When
from django.db.models.expressions import Combinable

from alerts.outbox.models import NOT_AS_DECIDED, SUPPRESSING, Landing, RuleKind, WantedRule
from alerts.outbox.queries import wanted_rules
from alerts.rules.sentinel_forms import lease_of
from alerts.sentinel.models import PortalResidence, Workspace
from alerts.sentinel.queries import gone_workspaces, portal_residences, workspaces_visible_to
from alerts.suppression.deploying.desired import reason_of_holds
from alerts.suppression.drafting.enforcement_choice import SENTINEL
from alerts.suppression.models import Rule, RuleVersion, Stop
from alerts.suppression.queries import is_off, rules_visible_to
from alerts.suppression.signing.compiled_forms import Forms, compiled_forms, reasons_against_form
from portal.accounts.models import User

RULE_STANDINGS: Final = ("there", "gone", "coming", "going", "refused", "held", "orphaned")
GATE_STANDINGS: Final = ("closed", "open", "opening", "closing")

_WANTED = Q(wanted__isnull=False)
_AS_WANTED = Q(outcome=Landing.LANDED, landed_version=F("wanted_version"))
_GATE = Q(kind=RuleKind.GATE)
_OPEN = Q(wanted__triggeringLogic__isEnabled=True)
_ORPHANED = (
    Q(kind=RuleKind.RULE)
    & (_WANTED | Q(landed__isnull=False))
    & Exists(gone_workspaces().filter(workspace=OuterRef("workspace")))
)

# The same words as `deployments.gate_of` and `Deployment.standing`; a test holds them together.
STANDING: Final = Case(
    When(_ORPHANED, then=Value("orphaned")),
    When(outcome__in=(Landing.REFUSED, Landing.CHANGED_BY_HAND), then=F("outcome")),
    When(_GATE & _AS_WANTED & _OPEN & Q(landed__isnull=False), then=Value("open")),
    When(_GATE & _AS_WANTED & Q(landed__isnull=False), then=Value("closed")),
    When(_GATE & _OPEN, then=Value("opening")),
    When(_GATE, then=Value("closing")),
    When(_AS_WANTED & _WANTED, then=Value("there")),
    When(_AS_WANTED, then=Value("gone")),
    When(_WANTED, then=Value("coming")),
    default=Value("going"),
)


def is_deployed_everywhere(about: str) -> Combinable:
    """Whether each workspace holds exactly what is wanted of a rule (F26); null where Sentinel is
    to hold nothing of it. `about` is where its UUID stands.
    """
    rows = wanted_rules().select_related(None).order_by()
    desired = rows.filter(_WANTED, about=OuterRef(about), kind=RuleKind.RULE)
    return Case(
        When(~Exists(desired), then=Value(None)),
        default=~Exists(desired.filter(~_AS_WANTED | _ORPHANED)),
        output_field=BooleanField(null=True),
    )


ROLE = "Microsoft Sentinel Contributor"


@dataclass(frozen=True, slots=True)
class Deployment:
    """One automation rule of ours in one workspace. `standing` is one word: `there` (exactly as
    wanted), `gone` (as wanted, not there), `coming`, `going`, `refused`, `held`, `orphaned` (the
    workspace is gone). Times of `next_try_at` are the unshifted clock's.
    """

    row: WantedRule
    rule: Rule | None
    standing: str
    error: str  # Azure's own words
    fix: str  # what a person can do about it
    next_try_at: datetime | None
    lease_until: datetime | None

    @property
    def is_in_sentinel(self) -> bool:
        """Whether Sentinel was last seen to hold it, in whatever version."""
        return self.row.is_in_sentinel


@dataclass(frozen=True, slots=True)
class Gate:
    """The gate of a workspace. `standing`: `none`, `closed` (labels nothing), `open` (labels all
    that is new, so that nothing is closed), `opening`, `closing`, `refused`, `held`.
    """

    standing: str
    error: str = ""


@dataclass(frozen=True, slots=True)
class WorkspaceDeployments:
    """All of ours in one workspace; how many of the rules wanted there are there."""

    workspace: Workspace
    is_off: bool
    gate: Gate
    probed_at: datetime | None
    accepts: tuple[str, ...]
    refused: dict[str, str]
    is_in_defender_portal: bool | None
    rules: list[Deployment] = field(default_factory=list)

    @property
    def wanted(self) -> int:
        """How many rules should be there."""
        return sum(deployment.row.is_wanted for deployment in self.rules)

    @property
    def landed(self) -> int:
        """How many of those are there exactly as wanted."""
        return sum(deployment.standing == "there" for deployment in self.rules)

    @property
    def still_there(self) -> int:
        """How many that should be gone are not known to be gone yet."""
        return sum(deployment.standing == "going" for deployment in self.rules)


def deployments_visible_to(user: User) -> QuerySet[WantedRule]:
    """Our automation rules in the person's workspaces, and those of rules the person may see."""
    rows = wanted_rules().filter(kind__in=SUPPRESSING)
    visible = rules_visible_to(user).values("uuid")
    workspaces = workspaces_visible_to(user).order_by().values("pk")
    return rows.filter(workspace__in=workspaces) | rows.filter(about__in=visible)


def deployments_by_workspace(user: User) -> list[WorkspaceDeployments]:
    """The same, told workspace by workspace, by name."""
    rows = list(deployments_visible_to(user))
    about = {row.about for row in rows if row.kind == RuleKind.RULE}
    rules = {rule.uuid: rule for rule in Rule.objects.filter(uuid__in=about)}
    found: dict[int, list[WantedRule]] = {}
    for row in rows:
        found.setdefault(row.workspace_id, []).append(row)
    stopped_ids = set(Stop.objects.filter(lifted_at=None).values_list("workspace_id", flat=True))
    gone = set(gone_workspaces().values_list("workspace_id", flat=True))
    residences = portal_residences(found)
    return [
        _of_workspace(
            group[0].workspace,
            group,
            rules,
            stopped_ids,
            residences.get(workspace_id),
            is_gone=workspace_id in gone,
        )
        for workspace_id, group in found.items()
    ]


def deployments_of_rule(rule: Rule) -> list[Deployment]:
    """Where the rule stands, workspace by workspace. It is live as a whole only if all are."""
    rows = wanted_rules().filter(about=rule.uuid, kind=RuleKind.RULE)
    gone = set(gone_workspaces().values_list("workspace_id", flat=True))
    return [_deployment(row, rule, is_gone=row.workspace_id in gone) for row in rows]


@dataclass(frozen=True, slots=True)
class WithdrawnForm:
    """A workspace in which Sentinel does not hold an acting version, and why. Tagout's own worker
    enforces it there, unless `against_worker` has the reason why nobody does.
    """

    workspace: str
    reasons: list[str]
    against_worker: str = ""  # "off", "inactive"
    is_on_hold: bool = False  # only while a device is held open


def withdrawn_forms(
    version: RuleVersion, deployments: Iterable[Deployment], *, now: datetime
) -> list[WithdrawnForm]:
    """Return where Sentinel lacks a version's form since a device is held or it is not signed."""
    if not version.is_acting or version.enforcement != SENTINEL:
        return []
    rows = [found.row for found in deployments if found.standing == "gone"]
    ids = [row.workspace_id for row in rows]
    forms = compiled_forms(version.definition, rule=version.rule, workspace_ids=ids) if ids else {}
    return [_withdrawn(version, forms[row.workspace.name], now=now) for row in rows]


def _withdrawn(version: RuleVersion, forms: Forms, *, now: datetime) -> WithdrawnForm:
    workspace, reasons = forms.workspace, list[str](reasons_against_form(version, forms))
    why = "" if reasons else reason_of_holds(version, workspace, now=now)
    return WithdrawnForm(
        workspace.name,
        [why] if why else reasons,
        _against_worker(workspace),
        is_on_hold=bool(why),
    )


def _against_worker(workspace: Workspace) -> str:
    if is_off(workspace.pk):
        return "off"
    return "" if workspace.state == Workspace.State.ACTIVE else "inactive"


def is_live_as_a_whole(deployments: Iterable[Deployment]) -> bool:
    """Whether every workspace holds exactly what is wanted (F26)."""
    expected = [deployment for deployment in deployments if deployment.row.is_wanted]
    return bool(expected) and all(deployment.standing == "there" for deployment in expected)


def gate_of(row: WantedRule | None) -> Gate:
    """The gate's state."""
    if row is None:
        return Gate("none")
    wanted_open = _is_enabled(row.wanted)
    if row.outcome in (Landing.REFUSED, Landing.CHANGED_BY_HAND):
        return Gate(str(row.outcome), row.latest_error)
    if row.is_as_wanted and row.landed is not None:
        return Gate("open" if wanted_open else "closed")
    return Gate("opening" if wanted_open else "closing", row.latest_error)


def _of_workspace(
    workspace: Workspace,
    rows: list[WantedRule],
    rules: Mapping[UUID, Rule],
    stopped_ids: Collection[int | None],
    residence: PortalResidence | None,
    *,
    is_gone: bool,
) -> WorkspaceDeployments:
    capabilities = workspace.capabilities.get("rules") or {}
    at = capabilities.get("probed_at")
    gates = [row for row in rows if row.kind == RuleKind.GATE]
    return WorkspaceDeployments(
        workspace=workspace,
        is_off=None in stopped_ids or workspace.pk in stopped_ids,
        gate=gate_of(gates[0] if gates else None),
        probed_at=datetime.fromisoformat(at) if at else None,
        accepts=tuple(capabilities.get("accepts", ())),
        refused=dict(capabilities.get("refused", {})),
        is_in_defender_portal=residence.is_in_portal if residence else None,
        rules=[
            _deployment(row, rules.get(row.about), is_gone=is_gone)
            for row in rows
            if row.kind == RuleKind.RULE
        ],
    )


def _deployment(row: WantedRule, rule: Rule | None, *, is_gone: bool) -> Deployment:
    is_pending = row.outcome == Landing.PENDING
    return Deployment(
        row=row,
        rule=rule,
        standing=_standing(row, is_gone=is_gone),
        error=row.latest_error,
        fix=deployment_fix(error=row.latest_error, code=row.error_code, outcome=row.outcome),
        next_try_at=row.due_at if is_pending else None,
        lease_until=lease_of(row.landed) if row.landed else None,
    )


def _standing(row: WantedRule, *, is_gone: bool) -> str:
    if is_gone and (row.is_wanted or row.is_in_sentinel):
        return "orphaned"
    if row.outcome in (Landing.REFUSED, Landing.CHANGED_BY_HAND):
        return str(row.outcome)
    if row.is_as_wanted:
        return "there" if row.is_wanted else "gone"
    return "coming" if row.is_wanted else "going"


def deployment_fix(*, error: str, code: str, outcome: str) -> str:
    """What a person can do about it; nothing where nothing went wrong."""
    if not error:
        return ""
    if code == "AuthorizationFailed":
        return f"Give our identity for rules the role {ROLE} on the workspace."
    if code == NOT_AS_DECIDED:
        return "Nothing was sent. See the audit record for what was refused, and when."
    if outcome == Landing.CHANGED_BY_HAND:
        return (
            "Undo the change in Sentinel, or pause and resume the rule here: then Tagout "
            "writes it again."
        )
    if outcome == Landing.REFUSED:
        return "Edit the rule, or let Tagout enforce it."
    return ""


def _is_enabled(body: dict[str, object] | None) -> bool:
    logic = (body or {}).get("triggeringLogic")
    return isinstance(logic, dict) and logic.get("isEnabled") is True
