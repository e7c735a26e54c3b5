"""Rules are written down, changed by one, gone on with by another."""

from importlib import import_module

import pytest
from django.db import connection

from alerts.rules.rule import as_json
from alerts.suppression.drafting.drafts import (
    CannotSaveRule,
    discard_draft,
    draft_rule,
    edit_version,
    save_draft,
)
from alerts.suppression.models import VersionState
from alerts.suppression.signing.request_changes import reject_rule
from portal.audit.models import Entry
from tests.conftest import NOON
from tests.factories import rules

pytestmark = pytest.mark.django_db


def _save(draft, by, **changes):
    body = draft.body | changes
    return save_draft(version_id=draft.pk, by=by, now=NOON, body=body, revision=draft.revision)


def test_rules_are_numbered_one_after_the_other(people):
    first, second = (
        draft_rule(by=people.oda, now=NOON, body=as_json(rules.downloads())) for _ in range(2)
    )
    assert (first.rule.label, second.rule.label) == ("R-1", "R-2")
    assert first.number == 1 and first.state == VersionState.DRAFT


def test_a_draft_knows_the_places_that_it_reaches(draft, site, workspace):
    assert draft.site_ids == [site.pk]
    assert draft.workspace_ids == [workspace.pk]  # no line names it; its alerts do


def test_a_draft_may_be_incomplete(people):
    body = {"version": 1, "title": "Later", "all_of": []}
    version = draft_rule(by=people.sam, now=NOON, body=body)
    assert version.state == VersionState.DRAFT and version.site_ids == []


@pytest.mark.parametrize(
    "change",
    [
        {"colour": "red"},
        {"all_of": "everything"},
        {"all_of": [{"field": "site", "operator": "is"}]},
        {"version": 2},
        {"expires_at": "soon"},
        {"title": "Nul\x00"},
    ],
)
def test_what_spells_no_rule_is_refused_with_a_sentence(draft, people, change):
    with pytest.raises(CannotSaveRule) as refusal:
        _save(draft, people.oda, **change)
    assert all(str(reason).endswith(".") for reason in refusal.value.reasons)
    draft.refresh_from_db()
    assert draft.revision == 0


def test_a_second_window_never_overwrites_the_first(draft, people):
    _save(draft, people.oda, title="From the first window")
    with pytest.raises(CannotSaveRule, match="another window"):
        _save(draft, people.oda, title="From the second window")
    draft.refresh_from_db()
    assert draft.title == "From the first window"


def test_only_its_author_changes_a_draft(draft, people):
    with pytest.raises(CannotSaveRule, match="not your draft"):
        _save(draft, people.olaf, title="Mine now")


def test_who_goes_on_with_another_s_draft_makes_the_next_version(draft, people):
    second = edit_version(version_id=draft.pk, by=people.olaf, now=NOON)
    draft.refresh_from_db()
    assert (second.number, second.made_by, second.body) == (2, people.olaf, draft.body)
    assert draft.state == VersionState.REPLACED
    assert set(second.evidence.all()) == set(draft.evidence.all())


def test_one_goes_on_with_one_s_own_draft(draft, people):
    assert edit_version(version_id=draft.pk, by=people.oda, now=NOON) == draft


@pytest.mark.abuse("A20")
def test_editing_what_was_proposed_voids_the_signatures(proposal, people):
    edit_version(version_id=proposal.pk, by=people.oda, now=NOON)
    proposal.refresh_from_db()
    assert proposal.state == VersionState.REPLACED
    assert not proposal.signatures.filter(void_at=None).exists()


def test_a_live_version_stays_while_its_successor_is_written(canary, people):
    second = edit_version(version_id=canary.pk, by=people.sam, now=NOON)
    canary.refresh_from_db()
    assert (canary.state, second.state) == (VersionState.IN_TRIAL, VersionState.DRAFT)


@pytest.mark.parametrize("who", ["mia", "ada"])
def test_managers_and_administrators_write_no_rules(draft, people, who):
    person = getattr(people, who)
    with pytest.raises(CannotSaveRule):
        draft_rule(by=person, now=NOON, body=as_json(rules.downloads()))
    with pytest.raises(CannotSaveRule):
        edit_version(version_id=draft.pk, by=person, now=NOON)


def test_a_draft_can_be_given_up_and_stays_on_record(draft, people):
    discard_draft(version_id=draft.pk, by=people.oda, now=NOON)
    draft.refresh_from_db()
    assert draft.state == VersionState.DISCARDED
    assert Entry.objects.filter(action="suppression.rule.discarded").count() == 1


def test_drafts_given_up_before_are_called_discarded_too(proposal, people):
    """What the migration does; a proposal that a signer rejected stays rejected."""
    migration = import_module("alerts.suppression.migrations.0004_name_drafts_given_up_before")
    reject_rule(version_id=proposal.pk, by=people.leo, note="No.", now=NOON)
    ended = edit_version(version_id=proposal.pk, by=people.sam, now=NOON)
    discard_draft(version_id=ended.pk, by=people.sam, now=NOON)
    for statements, state in (
        (migration.BACKWARDS, VersionState.REJECTED),
        (migration.FORWARDS, VersionState.DISCARDED),
    ):
        with connection.cursor() as cursor:
            cursor.execute(statements)
        ended.refresh_from_db()
        assert ended.state == ended.steps.latest("pk").to_state == state
    proposal.refresh_from_db()
    assert proposal.state == proposal.steps.latest("pk").to_state == VersionState.REJECTED
