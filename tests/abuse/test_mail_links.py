"""A46: the link of a mail carries no rights, whoever opens it and however often."""

import re
from datetime import timedelta

import pytest
from django.core import mail

from alerts.reviews.models import Question
from portal import clock
from portal.accounts.models import GrantScope, Role, User
from portal.notifications.services import send_one_mail
from tests import cast
from tests.abuse.world import the_world
from tests.browser import change_person

PASSWORD = "correct horse battery"


@pytest.mark.abuse("A46")
@pytest.mark.browser
def test_a46_a_link_leads_each_person_to_what_is_their_own(
    browse, transactional_db, make_person, noon, settings, live_server, attempts
):
    settings.PUBLIC_URL = live_server.url
    _workspace, site, ids = the_world(make_person, "gdansk")
    _porto, elsewhere, _ids = the_world(make_person, "porto")
    pia = make_person(cast.PIA, (Role.OT_ENGINEER, GrantScope.SITE, elsewhere.uuid))
    mia = make_person(cast.MIA, (Role.MANAGER, GrantScope.SITE, site.uuid))
    olga = User.objects.get(email="ot@gdansk.example")
    mail.outbox.clear()
    while send_one_mail(now=clock.unshifted() + timedelta(minutes=1)):
        pass
    question = Question.objects.get(uuid=ids["reviews"])
    (sent,) = [message for message in mail.outbox if str(question.uuid) in message.body]
    (link,) = set(re.findall(rf"{live_server.url}(/\S+)", sent.body))
    attempts.note(("a secret in the link", link), blocked=link == f"/reviews/{question.uuid}/")

    page = browse(link)
    is_asked = page.url.startswith(f"{live_server.url}/login/")
    attempts.note(("opened by a stranger", page.url), blocked=is_asked)
    page.locator("[name=username]").fill(pia.email)
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("form button[type=submit]").first.click()
    page.wait_for_url(f"**{link}")
    attempts.note("signed in as somebody of another site", blocked=shows_nothing(page))
    change_person(page, mia)
    page.goto(link)
    form = page.locator("form[method=post] [name=verdict], form[method=post] [name^=cause]")
    attempts.note("opened by a reader", blocked=form.count() == 0)
    change_person(page, olga)
    page.goto(link)
    assert form.count(), "whom it was sent to can answer"
    page.context.clear_cookies()
    page.goto(link)
    attempts.note("opened after sign-out", blocked="/login/" in page.url)
    change_person(page, pia)
    page.goto(link)
    attempts.note("opened once more", blocked=shows_nothing(page))
    question.refresh_from_db()
    attempts.note("answered by opening it", blocked=question.state == Question.State.WAITING)


def shows_nothing(page):
    """Whether the page says no more than that there is nothing to see."""
    text = page.locator("main").inner_text()
    return "There is nothing here for you" in text and "Gdansk" not in page.content()
