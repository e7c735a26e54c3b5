"""Kinds of notifications are one table, and each reader gets the words of their own language."""

import pytest
from django.apps import apps
from django.utils.translation import gettext, gettext_lazy

from alerts.notification_kinds import RULE_STATES
from alerts.suppression.models import VersionState
from portal.notifications.kind import NotificationKind
from portal.notifications.models import Mail, Notification
from portal.notifications.services import notify_people
from portal.reference_docs import notification_kinds
from tests import cast
from tests.conftest import NOON

KIND = NotificationKind("tests.line", "a person", "A test runs.", gettext_lazy("Inbox"))


def test_a_kind_is_listed_once_and_named_by_its_room():
    names = [kind.name for kind in notification_kinds()]
    rooms = {config.label for config in apps.get_app_configs()}
    assert len(names) > 30 and len(names) == len(set(names))
    assert {name.partition(".")[0] for name in names} <= rooms
    longest = Notification._meta.get_field("kind").max_length
    assert [name for name in names if len(name) > longest] == []


def test_every_state_in_which_a_rule_acts_or_has_ended_has_a_kind():
    made = {VersionState.DRAFT, VersionState.PROPOSED, VersionState.CHANGES_REQUESTED}
    silent = {VersionState.DISCARDED, VersionState.REPLACED}  # by their author, by a later version
    assert set(RULE_STATES) == set(VersionState) - made - silent


@pytest.mark.django_db
def test_each_reader_gets_the_words_of_their_language(make_person):
    people = [make_person(cast.SAM), make_person(cast.ODA), make_person(cast.LEO)]
    people[1].language = "de"
    asked = []

    def wording():
        asked.append(gettext("Inbox"))
        return gettext("Inbox"), [gettext("Unassigned")]

    lines = notify_people(people, kind=KIND, wording=wording, path="/", now=NOON)
    assert {line.to: (line.subject, line.reason) for line in lines} == {
        people[0]: ("Inbox", "Inbox"),
        people[1]: ("Posteingang", "Posteingang"),
        people[2]: ("Inbox", "Inbox"),
    }
    assert sorted(asked) == ["Inbox", "Posteingang"], "once a language, not once a person"
    assert Mail.objects.count() == 3


def test_a_kind_that_is_no_row_of_a_table_is_refused(make_person, db):
    with pytest.raises(AttributeError):
        notify_people(
            [make_person(cast.SAM)],
            kind="reviews.asked",
            wording=lambda: ("x", []),
            path="/",
            now=NOON,
        )
