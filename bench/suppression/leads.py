"""Two leads at the pages of the plan and of rules: which buttons a diligent pair presses, and when.

They press what a page offers: propose what the plan has ready, sign it, take a suggested version,
have a stopped rule approved again, promote an overdue trial or retire it. What these acts do, and
whether they are allowed, is Tagout's business; a refusal is counted, and tried again a week later.
"""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from alerts.patterns.queries.plan import SitePlan, StepState, site_plans_for
from alerts.patterns.services.plan import (
    CannotAskQuestions,
    Proposing,
    ask_questions,
    propose_patterns,
)
from alerts.reviews.services.questions import CannotAsk
from alerts.rules.guards.signing import SigningSide
from alerts.suppression.drafting.drafts import discard_draft, edit_version
from alerts.suppression.drafting.suggested_version import line_changes
from alerts.suppression.models import (
    ACTING,
    LedgerAct,
    LedgerEntry,
    RuleVersion,
    VersionState,
)
from alerts.suppression.queries import ending_versions
from alerts.suppression.services import sign_rule
from alerts.suppression.signing.propose import propose_rule
from alerts.suppression.signing.take_suggestion import take_suggested_version
from alerts.suppression.watching.lifecycle import (
    renew_rule,
    resume_rule,
    retire_rule,
)
from alerts.suppression.watching.promotion import approve_promotion, reasons_against_approval
from bench.suppression.company import Company
from portal.accounts.models import User
from portal.errors import Refused

MAX_RULES = 30  # of a site that two people can keep an eye on
SITTING = timedelta(days=3)  # between two looks at the plan
AGAIN = timedelta(days=7)  # after a refusal
TRIED = timedelta(days=14)  # how long a rule has lived before it makes room for another
NOTE = "We know this traffic."
NEXT_TO_NOTHING = "It closes next to nothing, and another would close more."


class Leads:
    """OT's lead of each site and the SOC's lead."""

    def __init__(self, company: Company) -> None:
        self.company = company
        self.soc = company.soc_lead
        self.refused: Counter[str] = Counter()
        self.questions = 0
        self._waits: dict[tuple[str, int], datetime] = {}

    def plans(self) -> list[tuple[str, SitePlan]]:
        """Return the plan of each site, by its name, as its lead sees it."""
        return [
            (name, plan)
            for name, lead in self.company.leads.items()
            for plan in site_plans_for(lead)
            if plan.totals.site.name == name
        ]

    def ask(self, now: datetime) -> None:
        """Ask OT what the plan wants to know today."""
        for plan in site_plans_for(self.soc):
            try:
                self.questions += len(ask_questions(plan=plan, by=self.soc, now=now))
            except (CannotAskQuestions, CannotAsk):
                continue

    def look_after_rules(self, now: datetime) -> None:
        """What Tagout wrote to both owners about: stopped rules, ends, trials that do not end."""
        for version in RuleVersion.objects.filter(state=VersionState.PAUSED).select_related("rule"):
            self._try("stopped", version.pk, now, partial(self._restart, version, now))
        acting = RuleVersion.objects.filter(state__in=ACTING).select_related("rule")
        for version in ending_versions(acting, now=now):
            self._try("ending", version.pk, now, partial(self._renew, version, now))
        for version in RuleVersion.objects.filter(state=VersionState.PROPOSED).exclude(amends=None):
            self._try("amendment", version.pk, now, partial(self._sign, version, now))
        overdue = RuleVersion.objects.filter(state=VersionState.IN_TRIAL)
        for version in overdue.select_related("rule"):
            lead = self._lead_of(version)
            if not reasons_against_approval(version, by=lead, now=now):
                self._try("overdue", version.pk, now, partial(self._promote, version, now))

    def sit_together(self, now: datetime) -> None:
        """Propose and sign what the plan has ready, and the next versions that rules suggest."""
        for name, plan in self.plans():
            lead = self.company.leads[name]
            acting = RuleVersion.objects.filter(
                state__in=ACTING, site_ids__contains=[plan.totals.site_id]
            )
            room = MAX_RULES - acting.values("rule").distinct().count()
            for step in plan.steps_in(StepState.READY):
                is_next = step.version is not None  # of a rule that acts
                weakest = None
                if not is_next and room <= 0:
                    weakest = self._weakest(plan.totals.site_id, step.gain / plan.days, now)
                    if weakest is None:
                        continue
                act = partial(self._sign_step, step.pattern.pk, lead, now)
                if not self._try("ready", step.pattern.pk, now, act) or is_next:
                    continue
                if weakest is None:
                    room -= 1
                else:
                    retire_rule(rule_id=weakest, by=self.soc, reason=NEXT_TO_NOTHING, now=now)
        for version in RuleVersion.objects.filter(state=VersionState.LIVE).select_related("rule"):
            self._try("suggested", version.pk, now, partial(self._adapt, version, now))

    def _weakest(self, site_id: int, gain: float, now: datetime) -> int | None:
        """Return the live rule of a site that closes least, as its page counts, where a new one
        would close at least twice as much a day.
        """
        live = RuleVersion.objects.filter(
            state=VersionState.LIVE, site_ids__contains=[site_id], state_since__lte=now - TRIED
        )
        closed = {
            version.rule_id: LedgerEntry.objects.filter(
                rule=version.rule_id, act=LedgerAct.CLOSED, at__gt=now - TRIED
            ).count()
            for version in live
        }
        weakest = min(closed, key=lambda rule: (closed[rule], rule), default=None)
        if weakest is None or gain < 2 * closed[weakest] / TRIED.days:
            return None
        return weakest

    def _try(self, what: str, pk: int, now: datetime, act: Callable[[], bool]) -> bool:
        """Do it unless it was refused or without effect less than a week ago."""
        if self._waits.get((what, pk), now) > now:
            return False
        try:
            done = act()
        except Refused as refusal:
            for reason in refusal.reasons[:1]:
                self.refused[f"{what}: {getattr(reason, 'code', reason)}"[:120]] += 1
            done = False
        if not done:
            self._waits[what, pk] = now + AGAIN
        return done

    def _sign_step(self, pattern_id: int, lead: User, now: datetime) -> bool:
        proposing = Proposing(by=lead, note=NOTE, proved_at=now, checked_evidence=True)
        (outcome,) = propose_patterns(pattern_ids=[pattern_id], proposing=proposing, now=now)
        if outcome.version is None:
            raise Refused(*outcome.reasons)
        return self._sign(outcome.version, now)

    def _sign(self, version: RuleVersion, now: datetime) -> bool:
        sign_rule(
            version_id=version.pk,
            side=SigningSide.SOC,
            by=self.soc,
            seen_hash=version.rule_hash,
            now=now,
            proved_at=now,
            note=NOTE,
            checked_evidence=True,
        )
        return True

    def _restart(self, version: RuleVersion, now: datetime) -> bool:
        """Let a stopped rule act again as it is; where that is refused, it ends, and the plan may
        offer a narrower one.
        """
        lead = self._lead_of(version)
        if not version.needs_approval:
            resume_rule(version_id=version.pk, by=lead, reason=NOTE, now=now)
            return True
        if RuleVersion.objects.filter(rule=version.rule, number__gt=version.number).exists():
            return False
        draft = edit_version(version_id=version.pk, by=lead, now=now)
        try:
            return self._propose_and_sign(draft, lead, now)
        except Refused:
            retire_rule(rule_id=version.rule_id, by=lead, reason="It no longer fits.", now=now)
            raise

    def _renew(self, version: RuleVersion, now: datetime) -> bool:
        """Give a rule that will end a new end, unless its next version is in its trial already."""
        if version.rule.versions.filter(number__gt=version.number, state__in=ACTING).exists():
            return False
        lead = self._lead_of(version)
        draft = renew_rule(rule_id=version.rule_id, by=lead, now=now)
        return self._propose_and_sign(draft, lead, now)

    def _adapt(self, version: RuleVersion, now: datetime) -> bool:
        """Take the version that a rule suggests, where it suggests one."""
        if not line_changes(version, now=now):
            return False
        lead = self._lead_of(version)
        draft = take_suggested_version(version_id=version.pk, by=lead, now=now)
        self._propose_and_sign(draft, lead, now)
        return False  # not again for a week

    def _propose_and_sign(self, draft: RuleVersion, lead: User, now: datetime) -> bool:
        try:
            version = propose_rule(
                version_id=draft.pk,
                by=lead,
                note=NOTE,
                now=now,
                proved_at=now,
                checked_evidence=True,
            )
        except Refused:
            discard_draft(version_id=draft.pk, by=lead, now=now)
            raise
        return self._sign(version, now)

    def _promote(self, version: RuleVersion, now: datetime) -> bool:
        try:
            for owner in (self._lead_of(version), self.soc):
                approve_promotion(
                    version_id=version.pk, by=owner, reason=NOTE, now=now, proved_at=now
                )
        except Refused:
            retire_rule(rule_id=version.rule_id, by=self.soc, reason="Too seldom.", now=now)
            raise
        return True

    def _lead_of(self, version: RuleVersion) -> User:
        names = {site.pk: name for name, site in self.company.sites.items()}
        return self.company.leads[names[version.site_ids[0]]]
