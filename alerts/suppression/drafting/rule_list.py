"""Lists of rules: one row a rule with its current version, and the rules that touch a device."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_network
from typing import Final

from django.db.models import Count, F, OuterRef, QuerySet, Subquery

from alerts.rules.fields import Operator
from alerts.rules.rule import Clause, NotARule, RuleDefinition
from alerts.rules.values import ip_of, is_within
from alerts.sites.models import Device, Site
from alerts.suppression.models import ACTING, OPEN, Ending, LedgerEntry, RuleVersion, VersionState
from alerts.suppression.models.rules import ENDED
from alerts.suppression.queries import versions_visible_to
from portal.accounts.models import User

PAGE: Final = 50
MAX_RULES: Final = 20  # that touch one device
ENDS: Final = ("source", "destination")
EITHER_END: Final = {"any_device": "_device", "any_address": "_address"}
type DeviceFacts = dict[str, str]
TABS: Final[dict[str, tuple[VersionState, ...]]] = {
    "force": (*ACTING, VersionState.PAUSED),
    "work": OPEN,
    "ended": ENDED,
}
CURRENT_STATES: Final = (
    VersionState.LIVE,
    VersionState.IN_TRIAL,
    VersionState.PAUSED,
    *OPEN,
)  # the first that a rule has


@dataclass(frozen=True, slots=True)
class RuleRow:
    """One rule. `in_work` is the next version, where somebody makes one."""

    version: RuleVersion
    in_work: RuleVersion | None
    matches: int  # of seven days
    latest: datetime | None

    @property
    def states(self) -> set[str]:
        """Return the states that its row names."""
        return {version.state for version in (self.version, self.in_work) if version}


@dataclass(frozen=True, slots=True)
class RuleList:
    """One page of rows; `more` is the number to go on after, 0 at the end. `sites` are those that
    the person's rules name, `site` the one that was asked for.
    """

    rows: list[RuleRow]
    more: int
    counts: dict[str, int]
    sites: list[Site]
    site: Site | None


def list_rules(user: User, *, tab: str, site: str, after: int, now: datetime) -> RuleList:
    """Return the rules of a tab, newest first, and how many each tab has; `site`: UUID or empty."""
    visible = versions_visible_to(user)
    all_rows = list(visible.values_list("rule", "state", "site_ids").order_by())
    sites = list(Site.objects.filter(pk__in={pk for _, _, pks in all_rows for pk in pks}))
    chosen = next((candidate for candidate in sites if str(candidate.uuid) == site), None)
    if chosen is not None:
        visible = visible.filter(site_ids__contains=[chosen.pk])
        all_rows = [row for row in all_rows if chosen.pk in row[2]]
    states = TABS[tab]
    numbers = _numbers(visible, states, after)
    versions_by_rule: dict[int, list[RuleVersion]] = {}
    for version in visible.filter(rule__in=[pk for pk, _number in numbers]).order_by("-number"):
        versions_by_rule.setdefault(version.rule_id, []).append(version)
    hits = latest_acts(list(versions_by_rule), now=now)
    return RuleList(
        rows=[
            _row(versions_by_rule[pk], states, hits.get(pk, (0, None))) for pk, _ in numbers[:PAGE]
        ],
        more=numbers[PAGE - 1][1] if len(numbers) > PAGE else 0,
        counts=_counts((rule, state) for rule, state, _ in all_rows),
        sites=sorted(sites, key=lambda candidate: candidate.name),
        site=chosen,
    )


def latest_acts(
    rule_ids: Collection[int], *, now: datetime
) -> dict[int, tuple[int, datetime | None]]:
    """Return, by rule, the incidents of seven days and when it acted last."""
    done = LedgerEntry.objects.exclude(ending=Ending.NOT_SENT)
    of_rule = done.filter(rule=OuterRef("rule")).order_by("-at").values("at")[:1]
    week = dict(
        done.filter(rule__in=rule_ids, at__gt=now - timedelta(days=7))
        .values_list("rule")
        .annotate(n=Count("pk"))
        .order_by()
    )
    latest = (
        RuleVersion.objects.filter(rule__in=rule_ids)
        .values("rule")
        .annotate(latest=Subquery(of_rule))
        .order_by()
        .distinct()
    )
    return {row["rule"]: (week.get(row["rule"], 0), row["latest"]) for row in latest}


def _numbers(
    versions: QuerySet[RuleVersion], states: Collection[VersionState], after: int
) -> list[tuple[int, int]]:
    rules = versions.filter(state__in=states)
    if after:
        rules = rules.filter(rule__number__lt=after)
    found = rules.values_list("rule", "rule__number").order_by(F("rule__number").desc()).distinct()
    return list(found[: PAGE + 1])


def current_version(versions: Collection[RuleVersion]) -> RuleVersion:
    """Return the version that people mean by the rule: what acts, else what is in work, else the
    newest. `versions` come newest first.
    """
    return min(versions, key=lambda version: _rank(version.state))


def _row(
    versions: list[RuleVersion], states: Collection[VersionState], hits: tuple[int, datetime | None]
) -> RuleRow:
    in_tab = [version for version in versions if version.state in states] or versions
    current = current_version(in_tab)
    in_work = next((version for version in versions if version.state in OPEN), None)
    return RuleRow(current, in_work if in_work is not current else None, *hits)


def _rank(state: str) -> int:
    return (
        CURRENT_STATES.index(VersionState(state))
        if state in CURRENT_STATES
        else len(CURRENT_STATES)
    )


def _counts(rule_states: Iterable[tuple[int, str]]) -> dict[str, int]:
    rules: dict[str, set[int]] = {tab: set() for tab in TABS}
    for rule, state in rule_states:
        for tab, states in TABS.items():
            if state in states:
                rules[tab].add(rule)
    return {tab: len(ids) for tab, ids in rules.items()}


def rules_touching(device: Device, *, user: User) -> list[RuleVersion]:
    """Return the versions in force or in work whose lines about one end all fit the device."""
    rows = versions_visible_to(user).filter(
        site_ids__contains=[device.zone.site_id], state__in=(*ACTING, *OPEN, VersionState.PAUSED)
    )
    ordered = rows.order_by("rule__number", "-number")
    ends = [_as_end(device, end) for end in ENDS]
    return [row for row in ordered if _touches(row, ends)][:MAX_RULES]


def _touches(version: RuleVersion, ends: Iterable[DeviceFacts]) -> bool:
    try:
        rule = version.definition
    except NotARule:
        return False
    return any(_may_be_at(end, rule) for end in ends)


def _may_be_at(end: DeviceFacts, rule: RuleDefinition) -> bool:
    """Whether the rule may match alerts with the device at this end. A line about any device is met
    by the other end, too: with several of them one that fits is enough.
    """
    own = [line for line in rule.all_of if line.field in end]
    either = [line for line in rule.all_of if line.field in EITHER_END]
    return (
        bool(own or either)
        and all(_fits(line, end) for line in own)
        and (not either or any(_fits(line, end) for line in either))
        and not any(_fits(line, end) for line in rule.except_any)
    )


def _fits(line: Clause, end: DeviceFacts) -> bool:
    suffix = EITHER_END.get(line.field, line.field)
    texts = [text for field, text in end.items() if field.endswith(suffix)]
    if line.operator == Operator.WITHIN:
        return any(is_within(text, line.texts) for text in texts)
    return not {value.casefold() for value in line.texts}.isdisjoint(texts)


def _as_end(device: Device, end: str) -> DeviceFacts:
    """What alerts would state of the device at this end, in small letters, by field of rules."""
    address = ip_of(device.address)
    subnet = (
        str(ip_network(f"{address}/24", strict=False)) if address and address.version == 4 else ""
    )
    facts = {
        "device": device.name,
        "address": device.address,
        "kind": device.kind,
        "zone": device.zone.name,
        "subnet": subnet,
    }
    return {f"{end}_{name}": text.casefold() for name, text in facts.items()}
