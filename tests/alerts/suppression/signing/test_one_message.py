"""A sitting of several rules is one message for each person, and so is what follows from it."""

from datetime import timedelta

import pytest
from django.core import mail as sent

from alerts.suppression.watching.watch import watch_rules
from portal import clock
from portal.jobs.models import JobState
from portal.notifications.models import Mail, Notification
from portal.notifications.services import MAX_GATHERING, send_one_mail
from tests.conftest import NOON
from tests.factories import rules
from tests.reuse import reuse_rows

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
TITLES = ("Downloads to both PLCs", "Downloads on Tuesdays", "Downloads of recipes")


@reuse_rows
def proposals(people, history):
    """Three rules that Oda proposes one after the other."""
    drafts = [
        rules.draft(
            rules.downloads(title=title), by=people.oda, evidence=history.verdicts, now=NOON
        )
        for title in TITLES
    ]
    return [rules.propose(draft, by=people.oda, now=NOON) for draft in drafts]


def lines_about(kind):
    return Notification.objects.filter(kind=f"suppression.{kind}").order_by("pk")


def send_all(*, after):
    now = clock.unshifted() + after
    while send_one_mail(now=now):
        pass
    return [(message.to[0], message.subject) for message in sent.outbox]


def test_proposals_signatures_and_what_follows_are_one_mail_each(proposals, people):
    line = lines_about("proposed").get()
    assert (line.to, line.subject, line.path) == (
        people.leo,
        "To sign: 3 rules",
        "/approvals/sitting/",
    )
    assert [title for title in TITLES if title in line.body] == list(TITLES)
    assert line.body.count("Oda Nowak asks for your signature.") == 1

    for n, proposal in enumerate(proposals):
        rules.sign(proposal, by=people.leo, now=NOON + n * MINUTE)
    line = lines_about("canary").get()
    assert (line.to, line.subject, line.path) == (people.oda, "In trial: 3 rules", "/rules/")
    assert [title for title in TITLES if title in line.body] == list(TITLES)

    watch_rules(now=proposals[0].expires_at)  # with the rights of its worker
    assert {(row.to, row.subject) for row in lines_about("expired")} == {
        (people.oda, "Expired: 3 rules"),
        (people.leo, "Expired: 3 rules"),
    }
    assert send_all(after=timedelta()) == [], "they wait for more"
    assert sorted(send_all(after=6 * MINUTE)) == [
        (people.leo.email, "Expired: 3 rules"),
        (people.leo.email, "To sign: 3 rules"),
        (people.oda.email, "Expired: 3 rules"),
        (people.oda.email, "In trial: 3 rules"),
    ]


def test_a_line_that_was_read_is_unread_again_when_more_joins(proposals, people):
    rules.sign(proposals[0], by=people.leo, now=NOON)
    lines_about("canary").update(read_at=NOON)
    rules.sign(proposals[1], by=people.leo, now=NOON + MINUTE)
    line = lines_about("canary").get()
    assert (line.read_at, line.made_at) == (None, NOON + MINUTE)


@pytest.mark.parametrize("state", [JobState.RUNNING, JobState.DONE, JobState.DEAD])
def test_what_a_mail_may_have_carried_already_stays_as_it_is(proposals, people, state):
    rules.sign(proposals[0], by=people.leo, now=NOON)
    before = lines_about("canary").get()
    Mail.objects.filter(notification=before).update(state=state)
    rules.sign(proposals[1], by=people.leo, now=NOON + MINUTE)
    old, new = lines_about("canary")
    assert (old.subject, old.body) == (before.subject, before.body)
    assert new.subject == f"In trial: {proposals[1]}"


def test_a_mail_that_is_tried_again_takes_up_nothing(proposals, people):
    rules.sign(proposals[0], by=people.leo, now=NOON)
    Mail.objects.filter(notification__kind="suppression.canary").update(attempts=1)
    rules.sign(proposals[1], by=people.leo, now=NOON + MINUTE)
    assert lines_about("canary").count() == 2


def test_a_mail_waits_half_an_hour_at_most(proposals, people):
    rules.sign(proposals[0], by=people.leo, now=NOON)
    rules.sign(proposals[1], by=people.leo, now=NOON + MAX_GATHERING + MINUTE)
    assert lines_about("canary").count() == 2
