"""What enforcement does with a history, incident by incident as it came, for many sets of rules."""

import uuid
from collections import defaultdict
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from alerts.incidents.models import Incident
from alerts.rules.decision import ActingRule, ActingSet, IncidentDecision, cover_of
from alerts.rules.guards.closing import HOLDS, CoveredEnd, grouped_sides
from alerts.rules.index import RuleIndex
from alerts.rules.rule import RuleDefinition, as_json, rule_hash
from alerts.sentinel.models import Workspace
from alerts.sites.models import Site
from alerts.suppression.enforcing.group_members import introduce_members, record_members
from alerts.suppression.enforcing.judging import DecisionPage, Surroundings
from alerts.suppression.models import NewMember, Rule, RuleVersion
from alerts.suppression.queries import AlertFacts
from portal.accounts.models import User

type Meeting = tuple[int, tuple[CoveredEnd, ...]]  # an incident, and whom a person meets in it

NOT_KEPT = HOLDS | {"never.meanwhile"}  # what history does not keep
_YEARS = timedelta(days=999)


def acting_rule(version_id: int, rule: RuleDefinition, *, now: datetime) -> ActingRule:
    """A live version that has acted for long; its number is its id."""
    return ActingRule(
        version_id=version_id,
        uuid=uuid.uuid4(),
        rule_id=version_id,
        number=version_id,
        version=1,
        rule_hash=rule_hash(rule),
        definition=rule,
        is_live=True,
        in_sentinel=False,
        since=now - _YEARS,
        expires_at=now + _YEARS,
        proposer="Oda",
        approver="Leo",
        signed_ot="Oda",
        signed_soc="Leo",
    )


@dataclass
class Replay[Key: Hashable]:
    """Sets of rules, each of which acts as if there were no other. `closed`: the incidents that
    each closes, or would but for a case of that time; `kept`: why it leaves others that it covers.
    """

    sets: Mapping[Key, Mapping[int, RuleDefinition]]
    now: datetime
    closed: dict[Key, set[int]] = field(default_factory=lambda: defaultdict(set))
    kept: dict[Key, dict[int, set[str]]] = field(default_factory=lambda: defaultdict(dict))

    def __post_init__(self) -> None:
        """Index all rules together, and those of each set."""
        self.rules = {pk: rule for rules in self.sets.values() for pk, rule in rules.items()}
        self.index = RuleIndex(self.rules)
        versions = {pk: acting_rule(pk, rule, now=self.now) for pk, rule in self.rules.items()}
        self.acting = {
            key: ActingSet({pk: versions[pk] for pk in rules}, RuleIndex(rules))
            for key, rules in self.sets.items()
        }
        self.met: dict[Key, list[Meeting]] = defaultdict(list)
        self.stored: list[Meeting] | None = None

    def covers_some_of(self, alerts: AlertFacts) -> set[int]:
        """The rules that match one of these alerts."""
        return {pk for facts in alerts.values() for pk in self.index.matching(facts)}

    def judge(
        self, incident: Incident, *, alerts: AlertFacts, around: Surroundings, at: datetime
    ) -> None:
        """Let each set act on an incident."""
        matching = self.covers_some_of(alerts)
        known: dict[str, IncidentDecision] = {}
        for key, acting in self.acting.items():
            if matching.isdisjoint(acting.versions):
                continue
            cover = cover_of(alerts, acting=acting, created_at=incident.created_at, now=at)
            if not cover.is_whole:
                continue
            versions = [(version, pk) for pk, found in cover.matching.items() for version in found]
            who = str([(version.version_id, pk) for version, pk in versions])
            if who not in known:
                self._store(self.met[key], at)
                page = DecisionPage({incident.pk: alerts}, {incident.pk: cover}, around, at)
                decision = page.decide(incident)
            else:
                decision = known[who]
            if not any(grouped_sides(version.definition) for version, _ in versions):
                known[who] = decision  # who was met before is no matter of it
            codes = {reason.code for reason in decision.reasons}
            if codes <= NOT_KEPT:
                self.closed[key].add(incident.pk)
                continue
            self.kept[key][incident.pk] = codes
            if decision.new_ends:
                self.met[key].append((incident.pk, decision.new_ends))

    def _store(self, met: list[Meeting], now: datetime) -> None:
        """Whom one set's incidents introduced is no matter of another set."""
        if met == self.stored:
            return
        NewMember.objects.all().delete()
        for incident_id, ends in met:
            introduce_members(incident_id=incident_id, ends=ends, now=now)
        self.stored = list(met)


def stored_version(number: int, rule: RuleDefinition, *, by: User, now: datetime) -> RuleVersion:
    """A version about which groups can be asked, as the second signature leaves it."""
    row = Rule.objects.create(number=number, made_by=by, made_at=now)
    version = RuleVersion.objects.create(
        rule=row,
        number=1,
        state="draft",
        state_since=now,
        title=rule.title,
        body=as_json(rule),
        made_by=by,
        made_at=now,
        workspace_ids=list(Workspace.objects.values_list("pk", flat=True)),
        site_ids=list(Site.objects.values_list("pk", flat=True)),
    )
    record_members(version)
    return version
