"""Whatever people, tokens and time do, in whatever order: nothing closes without two people of two
sides, a back-test, a trial and an end.
"""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from alerts.rules.guards.signing import SigningSide
from alerts.suppression.drafting.drafts import discard_draft, edit_version, save_draft
from alerts.suppression.models import LedgerAct, LedgerEntry, RuleVersion, Step, VersionState, Where
from alerts.suppression.signing.request_changes import reject_rule, request_changes
from alerts.suppression.watching.lifecycle import (
    pause_rule,
    renew_rule,
    resume_rule,
    retire_rule,
    stop_by_itself,
)
from alerts.suppression.watching.watch import watch_rules
from portal.accounts.models import GrantScope, Role, User
from portal.accounts.services.people import grant_role
from portal.errors import Refused
from tests.conftest import NOON, examples
from tests.factories import rules
from tests.factories.incidents import make_site, make_workspace

pytestmark = pytest.mark.django_db
PEOPLE = ("oda", "olaf", "sam", "leo", "lea", "both", "ada")
KINDS = st.sampled_from(["person"] * 6 + ["token", "superuser"])
SIDES = st.sampled_from(list(SigningSide))
WHO = st.sampled_from(PEOPLE)
MOSTLY = st.sampled_from([True, True, True, True, False])  # else most tries die at the door


@pytest.fixture
def plant(db):
    """One plant, seven people, and a rule that was proposed: the paths that matter begin there."""
    workspace, site = make_workspace(), make_site()
    ot, soc = (GrantScope.SITE, site.uuid), (GrantScope.WORKSPACE, workspace.uuid)
    roles = {
        "oda": [(Role.OT_ENGINEER, ot)],
        "olaf": [(Role.OT_SITE_LEAD, ot)],
        "sam": [(Role.SOC_ANALYST, soc)],
        "leo": [(Role.SOC_LEAD, soc)],
        "lea": [(Role.SOC_LEAD, soc)],
        "both": [(Role.OT_ENGINEER, ot), (Role.SOC_LEAD, soc)],
        "ada": [(Role.ADMINISTRATOR, (GrantScope.ALL, None))],
    }
    people = {}
    for name, assignments in roles.items():
        user = User.objects.create(email=f"{name}@demo.example", name=name)
        for role, (scope, uuid) in assignments:
            grant_role(to=user, role=role, scope=scope, scope_uuid=uuid, by="t", now=NOON)
        people[name] = user
    weeks = rules.routine(workspace, site, weeks=4)
    rules.noise(workspace, site, n=12)
    verdicts = rules.judge(weeks[:2], by=people["oda"]) + rules.judge(weeks[2:], by=people["both"])
    version = rules.draft(rules.downloads(), by=people["oda"], evidence=verdicts, now=NOON)
    rules.propose(version, by=people["oda"], now=NOON)
    return SimpleNamespace(workspace=workspace, site=site, people=people)


class Lives(RuleBasedStateMachine):
    """One thread of versions in the plant; each example is rolled back."""

    lives = 0  # that the invariants looked at, so that they cannot hold by looking at nothing

    def __init__(self, plant):
        super().__init__()
        self.outer = transaction.atomic()
        self.outer.__enter__()
        self.now = NOON
        self.workspace, self.site, self.people = plant.workspace, plant.site, plant.people

    def teardown(self):
        transaction.set_rollback(True)
        self.outer.__exit__(None, None, None)

    @initialize(begun=st.sampled_from(["proposed", "on trial", "nearly ripe"]))
    def begin(self, begun):
        """Left to chance, hardly any rule would come to live."""
        if begun != "proposed":
            self.the_right_two_sign()
        if begun == "nearly ripe":
            self.tag(12)
            self.wait(10)

    def latest(self, *states):
        found = RuleVersion.objects.order_by("-pk")
        return (found.filter(state__in=states) if states else found).first()

    def attempt(self, act):
        """Do it; a refusal leaves everything as it was."""
        try:
            with transaction.atomic():
                act()
        except Refused:
            pass

    @rule(who=WHO, kind=KINDS, fresh=MOSTLY, author=MOSTLY)
    def propose(self, who, kind, fresh, author):
        version = self.latest(VersionState.DRAFT)
        if version:
            more = {"kind": kind, "proved_at": self.now if fresh else None}
            by = version.made_by if author else self.people[who]
            self.attempt(lambda: rules.propose(version, by=by, now=self.now, **more))

    @rule(
        who=WHO,
        kind=KINDS,
        side=SIDES,
        fresh=MOSTLY,
        looked=MOSTLY,
        note=st.sampled_from(["", "Seen.", "Seen.", "Seen."]),
        same=MOSTLY,
    )
    def sign(self, who, kind, side, fresh, looked, note, same):
        version = self.latest(VersionState.PROPOSED) or self.latest()
        more = {} if same else {"seen_hash": "f" * 64}
        self.attempt(
            lambda: rules.sign(
                version,
                by=self.people[who],
                side=side,
                kind=kind,
                now=self.now,
                note=note,
                proved_at=self.now if fresh else self.now - timedelta(minutes=9),
                checked_evidence=looked,
                **more,
            )
        )

    @rule(order=st.permutations(PEOPLE), side=SIDES)
    def everybody_tries(self, order, side):
        """Everything in order but who it is and how they came: tokens first, then people."""
        version = self.latest(VersionState.PROPOSED)
        for kind in ("token", "superuser", "person"):
            for who in order if version else ():
                by, before = self.people[who], version.signatures.count()
                self.attempt(
                    lambda by=by, kind=kind: rules.sign(
                        version, by=by, side=side, kind=kind, now=self.now
                    )
                )
                assert kind == "person" or version.signatures.count() == before

    @rule()
    def the_right_two_sign(self):
        """So that lives are often reached, not only refused."""
        version = self.latest(VersionState.PROPOSED)
        if version:
            for who, side in (("olaf", SigningSide.OT), ("leo", SigningSide.SOC)):
                self.attempt(
                    lambda who=who, side=side: rules.sign(
                        version, by=self.people[who], side=side, now=self.now
                    )
                )

    @rule(who=WHO, days=st.sampled_from([10, 200]))
    def change(self, who, days):
        version = self.latest(VersionState.DRAFT)
        if version:
            end = (self.now + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")
            self.attempt(
                lambda: save_draft(
                    version_id=version.pk,
                    by=self.people[who],
                    now=self.now,
                    body=version.body | {"expires_at": end},
                    revision=version.revision,
                )
            )

    @rule(who=WHO, verb=st.sampled_from(["edit", "discard", "changes", "reject"]), rarely=MOSTLY)
    def turn(self, who, verb, rarely):
        if rarely:
            return
        version, by = self.latest(), self.people[who]
        acts = {
            "edit": lambda: edit_version(version_id=version.pk, by=by, now=self.now),
            "discard": lambda: discard_draft(version_id=version.pk, by=by, now=self.now),
            "changes": lambda: request_changes(
                version_id=version.pk, by=by, note="Why?", now=self.now
            ),
            "reject": lambda: reject_rule(version_id=version.pk, by=by, note="No.", now=self.now),
        }
        self.attempt(acts[verb])

    @rule(who=WHO, verb=st.sampled_from(["pause", "resume", "retire", "renew", "stop"]))
    def steer(self, who, verb):
        version, by = (
            self.latest(VersionState.LIVE, VersionState.IN_TRIAL, VersionState.PAUSED),
            self.people[who],
        )
        if version is None:
            return
        acts = {
            "pause": lambda: pause_rule(
                rule_id=version.rule_id, by=by, reason="Odd.", now=self.now
            ),
            "resume": lambda: resume_rule(
                version_id=version.pk, by=by, reason="Fine.", now=self.now
            ),
            "retire": lambda: retire_rule(
                rule_id=version.rule_id, by=by, reason="Gone.", now=self.now
            ),
            "renew": lambda: renew_rule(rule_id=version.rule_id, by=by, now=self.now),
            "stop": lambda: stop_by_itself(
                version_id=version.pk, reasons=["Reopened."], now=self.now
            ),
        }
        self.attempt(acts[verb])

    @precondition(lambda self: RuleVersion.objects.filter(state=VersionState.IN_TRIAL).exists())
    @rule(n=st.integers(1, 12))
    def tag(self, n):
        version = self.latest(VersionState.IN_TRIAL)
        for _ in range(n):
            LedgerEntry.objects.create(
                incident=rules.incident_of(self.workspace, self.site, at=self.now),
                rule=version.rule,
                version=version,
                rule_hash=version.rule_hash,
                act=LedgerAct.TAGGED,
                where=Where.TAGOUT,
                at=self.now,
                reason="r",
                signed_ot="o",
                signed_soc="s",
            )

    @rule(days=st.sampled_from([0, 1, 7, 15, 40]))
    def wait(self, days):
        self.now += timedelta(days=days)
        watch_rules(now=self.now)

    @invariant()
    def what_acts_was_signed_by_two_sides(self):
        for version in RuleVersion.objects.filter(
            state__in=[VersionState.IN_TRIAL, VersionState.LIVE]
        ):
            signatures = list(version.signatures.filter(void_at=None).select_related("by"))
            assert {signature.side for signature in signatures} == {"ot", "soc"}
            assert len({signature.by_id for signature in signatures}) == 2
            sides = {
                signature.side: signature.by.email.partition("@")[0] for signature in signatures
            }
            assert sides["ot"] in ("oda", "olaf", "both")
            assert sides["soc"] in ("leo", "lea")  # never who gave evidence
            assert all(signature.rule_hash == version.rule_hash for signature in signatures)
            assert version.backtest.rule_hash == version.rule_hash
            assert version.backtest.ran_at <= max(signature.signed_at for signature in signatures)
            assert version.expires_at - version.proposed_at <= timedelta(days=90)

    @invariant()
    def what_lives_had_its_trial(self):
        for version in RuleVersion.objects.filter(state=VersionState.LIVE):
            steps = list(Step.objects.filter(version=version).order_by("pk"))
            trial = [step for step in steps if step.to_state == VersionState.IN_TRIAL]
            lived = [step for step in steps if step.to_state == VersionState.LIVE]
            assert trial and lived[0].at - trial[0].at >= timedelta(days=7)
            assert version.expires_at > lived[0].at
            Lives.lives += 1

    @invariant()
    def a_rule_lives_in_one_version(self):
        for state in (VersionState.LIVE, VersionState.IN_TRIAL):
            assert RuleVersion.objects.filter(state=state).count() <= 1


@pytest.mark.abuse("A19")
def test_nothing_closes_without_two_sides_a_test_a_trial_and_an_end(plant):
    run_state_machine_as_test(
        lambda: Lives(plant),
        settings=settings(
            max_examples=examples(10, hunted=100),
            stateful_step_count=25,
            suppress_health_check=list(HealthCheck),
        ),
    )

    assert Lives.lives
