"""Rules: read them, write drafts, ask for signatures, sign, judge, stop, renew."""

from functools import cache
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db import transaction
from django.db.models import OuterRef, QuerySet
from django.http import Http404, HttpResponse
from django.utils.translation import gettext_lazy

from alerts.incidents.queries import incidents_visible_to
from alerts.reviews.models import Verdict
from alerts.reviews.queries.second_opinions import verdicts_open_to
from alerts.rules.guards.signing import SigningSide
from alerts.sentinel.models import Workspace
from alerts.sites.models import Site
from alerts.suppression.api.bodies import EditIn, NoteIn, ProposeIn, ReasonIn, RuleIn, SignIn
from alerts.suppression.api.ledger import LEDGER, guard_reasons_for, incident_of
from alerts.suppression.api.listings import EVIDENCE, RULES, STEPS, VERSIONS
from alerts.suppression.api.rule_facts import (
    NewMembersSerializer,
    RequestedBackTestSerializer,
    TrialSerializer,
    new_member_facts,
    trial_facts,
)
from alerts.suppression.backtesting.redaction import redacted_body
from alerts.suppression.deploying.deployments import is_deployed_everywhere
from alerts.suppression.drafting.current_version import (
    newest_version_in,
    requested_version,
    rule_annotations,
    rules_by_version,
    version_in_work,
)
from alerts.suppression.drafting.drafts import discard_draft, draft_rule, edit_version, save_draft
from alerts.suppression.models import LedgerEntry, RuleVersion, Step, VersionState
from alerts.suppression.policies import PROPOSING, SIGNERS, STOPPING
from alerts.suppression.queries import ledger_visible_to, versions_visible_to
from alerts.suppression.services import sign_rule
from alerts.suppression.signing.propose import propose_rule
from alerts.suppression.signing.request_changes import reject_rule, request_changes
from alerts.suppression.signing.sign import CannotSignRule
from alerts.suppression.watching.lifecycle import pause_rule, renew_rule, resume_rule, retire_rule
from alerts.suppression.watching.promotion import (
    CannotApprovePromotion,
    approve_promotion,
)
from portal.accounts.models import TokenScope
from portal.accounts.password_checks import proved_at_of
from portal.api.listing import Own
from portal.api.problems import BadInput, refused
from portal.api.requests import NoInput
from portal.api.views import Resource, command, facts, sub_list
from portal.errors import Refused

WRITE: dict[str, Any] = {"scope": TokenScope.RULES_WRITE, "roles": PROPOSING}
STOP: dict[str, Any] = {"scope": TokenScope.RULES_WRITE, "roles": STOPPING}
JUDGE: dict[str, Any] = {"scope": TokenScope.RULES_WRITE, "roles": SIGNERS}
# Refusals for who somebody is, not for how the rule stands (A19).
_NOT_THEIRS = {
    "sign.not_a_person",
    "sign.right",
    "sign.proposer",
    "sign.evidence",
    "sign.second_person",
}


def _forbidden(refusal: Refused) -> HttpResponse:
    """Answer 403 where a person is refused for who they are; raise any other refusal."""
    if _NOT_THEIRS.isdisjoint(getattr(reason, "code", "") for reason in refusal.reasons):
        raise refusal
    return refused(refusal, 403)


class RuleViewSet(Resource):
    """Suppression rules."""

    tag = "rules"
    title = gettext_lazy("Suppression rules")
    listing = RULES
    lookup_field = "rule__uuid"
    lookup_value_converter = "uuid"

    def rows(self) -> QuerySet[RuleVersion]:
        """Of each rule that the person may see, the version that speaks for it."""
        return rules_by_version(self.person)

    def own(self) -> Own:
        """What is in other rows, as far as this person sees them; places by their names."""

        @cache
        def sites() -> dict[int, str]:
            return dict(Site.objects.values_list("pk", "name"))

        @cache
        def workspaces() -> dict[int, str]:
            return dict(Workspace.objects.values_list("pk", "name"))

        visible_incidents = (
            incidents_visible_to(self.person).filter(verdicts=OuterRef("pk")).order_by("pk")
        )
        return Own(
            sources={
                **rule_annotations(self.person),
                "stands_everywhere": is_deployed_everywhere("rule__uuid"),
                "incident": incident_of(self.person),
                "incidents": ArraySubquery(visible_incidents.values("pk")),
            },
            reads={
                "sites": lambda ids: [sites()[pk] for pk in ids if pk in sites()],
                "workspaces": lambda ids: [workspaces()[pk] for pk in ids if pk in workspaces()],
                "kept_open": guard_reasons_for(self.person),
            },
        )

    @sub_list(VERSIONS)
    def versions(self, row: RuleVersion) -> QuerySet[RuleVersion]:
        """All its versions that the person may see."""
        return versions_visible_to(self.person).filter(rule=row.rule_id)

    @sub_list(EVIDENCE)
    def evidence(self, row: RuleVersion) -> QuerySet[Verdict]:
        """What the version rests on that is asked about, else the one that speaks."""
        about = requested_version(self.person, row)
        return verdicts_open_to(self.person).filter(pk__in=about.evidence.values("pk"))

    @sub_list(STEPS)
    def steps(self, row: RuleVersion) -> QuerySet[Step]:
        """What happened to its versions."""
        versions = versions_visible_to(self.person).filter(rule=row.rule_id)
        return Step.objects.filter(version__in=versions.values("pk"))

    @sub_list(LEDGER)
    def ledger(self, row: RuleVersion) -> QuerySet[LedgerEntry]:
        """What it did."""
        return ledger_visible_to(self.person).filter(rule=row.rule_id)

    @facts(RequestedBackTestSerializer)
    def backtest(self, row: RuleVersion) -> RuleVersion:
        """The back-test that is frozen into the request for signatures; 404 where there is none.
        Its figures are whole; it lists incidents in the person's reach only.
        """
        about = requested_version(self.person, row)
        if about.backtest is None:
            raise Http404
        body = redacted_body(about.backtest.body, by=self.person)
        del body["hidden"]  # a count for the page, no member of the schema
        about.visible_body = body  # type: ignore[attr-defined]  # for the serializer
        return about

    @facts(TrialSerializer)
    def trial(self, row: RuleVersion) -> dict[str, Any]:
        """How far the rule's trial has come and what it lacks; 404 where none runs."""
        version = newest_version_in(self.person, row.rule_id, VersionState.IN_TRIAL)
        if version is None:
            raise Http404
        return trial_facts(version, self.person, now=self.now)

    @facts(NewMembersSerializer)
    def new_members(self, row: RuleVersion) -> dict[str, Any]:
        """Devices that joined a group of the rule after it was signed: it covers them, and the
        first incident of each goes to a person.
        """
        return new_member_facts(row, self.person)

    @command(RuleIn, **WRITE, detail=False)
    def create(self, values: dict[str, Any]) -> HttpResponse:
        """Write a draft, the first version of a new rule."""
        made = draft_rule(by=self.person, now=self.now, body=values["rule"])
        return self.answer_row(made.rule.uuid)

    @command(EditIn, **WRITE)
    def edit(self, row: RuleVersion, values: dict[str, Any]) -> None:
        """Change your draft of `revision`, or without one begin the rule's next version: that takes
        the place of what somebody else has in work, as *Edit* does on the page.
        """
        found = version_in_work(self.person, row.rule_id) or row
        version_id, revision = found.pk, values.get("revision")
        if revision is None and found.state == VersionState.DRAFT and found.made_by == self.person:
            reason = "Give the revision of your draft that you read."
            raise BadInput(reason, {"revision": [reason]})
        with transaction.atomic():
            if revision is None:
                draft = edit_version(version_id=version_id, by=self.person, now=self.now)
                version_id, revision = draft.pk, draft.revision
            save_draft(
                version_id=version_id,
                by=self.person,
                now=self.now,
                body=values["rule"],
                revision=revision,
            )

    @command(NoInput, **WRITE)
    def discard(self, row: RuleVersion, values: dict[str, Any]) -> None:
        """Give up your draft; it stays on record as discarded."""
        discard_draft(version_id=self._in_work(row), by=self.person, now=self.now)

    @command(ProposeIn, **WRITE)
    def propose(self, row: RuleVersion, values: dict[str, Any]) -> None:
        """Ask for signatures: it is tested on history and frozen. A person who may sign gives the
        signature of the own side with it; a token only proposes.
        """
        propose_rule(
            version_id=self._in_work(row),
            by=self.person,
            now=self.now,
            proved_at=proved_at_of(self.request._request),
            kind=self.person.kind,
            **values,
        )

    @command(SignIn, **JUDGE, keeps_refusals=True)
    def sign(self, row: RuleVersion, values: dict[str, Any]) -> HttpResponse | None:
        """Give one side's signature: signed-in people only, never a token, and only within five
        minutes of a proof of identity.
        """
        side, seen_hash = SigningSide(values.pop("side")), values.pop("hash")
        try:
            sign_rule(
                version_id=self._in_work(row),
                side=side,
                by=self.person,
                seen_hash=seen_hash,
                now=self.now,
                proved_at=proved_at_of(self.request._request),
                kind=self.person.kind,
                **values,
            )
        except CannotSignRule as refusal:
            return _forbidden(refusal)
        return None

    @command(NoteIn, **JUDGE)
    def request_changes(self, row: RuleVersion, values: dict[str, Any]) -> None:
        """Ask the author for changes; signatures that were given no longer count."""
        request_changes(version_id=self._in_work(row), by=self.person, now=self.now, **values)

    @command(NoteIn, **JUDGE)
    def reject(self, row: RuleVersion, values: dict[str, Any]) -> None:
        """Say no for good; another version may be proposed."""
        reject_rule(version_id=self._in_work(row), by=self.person, now=self.now, **values)

    @command(ReasonIn, **JUDGE, keeps_refusals=True)
    def promote(self, row: RuleVersion, values: dict[str, Any]) -> HttpResponse | None:
        """Say as its owner on one side that a trial of 28 days may end with too few matches; with
        both owners' words it does. Signed-in people only, within five minutes of a proof of
        identity.
        """
        version = newest_version_in(self.person, row.rule_id, VersionState.IN_TRIAL) or row
        try:
            approve_promotion(
                version_id=version.pk,
                by=self.person,
                now=self.now,
                kind=self.person.kind,
                proved_at=proved_at_of(self.request._request),
                **values,
            )
        except CannotApprovePromotion as refusal:
            return _forbidden(refusal)
        return None

    @command(ReasonIn, **STOP)
    def pause(self, row: RuleVersion, values: dict[str, Any]) -> None:
        """Stop all of it that acts, at once."""
        pause_rule(rule_id=row.rule_id, by=self.person, now=self.now, **values)

    @command(ReasonIn, **JUDGE)
    def resume(self, row: RuleVersion, values: dict[str, Any]) -> None:
        """Go on where the pause began."""
        paused = newest_version_in(self.person, row.rule_id, VersionState.PAUSED) or row
        resume_rule(version_id=paused.pk, by=self.person, now=self.now, **values)

    @command(ReasonIn, **STOP)
    def retire(self, row: RuleVersion, values: dict[str, Any]) -> None:
        """End it for good."""
        retire_rule(rule_id=row.rule_id, by=self.person, now=self.now, **values)

    @command(NoInput, **WRITE)
    def renew(self, row: RuleVersion, values: dict[str, Any]) -> None:
        """Begin the next version with a new end; it needs a back-test and two signatures."""
        renew_rule(rule_id=row.rule_id, by=self.person, now=self.now)

    def _in_work(self, row: RuleVersion) -> int:
        """The version that is being made or judged; without one the service says what is wrong."""
        found = version_in_work(self.person, row.rule_id)
        return (found or row).pk
