"""The inbox, and the demo's mailbox."""

import pytest

from portal.notifications.models import Mail, Notification
from portal.notifications.services import send_one_mail, withdraw_notifications
from tests import cast
from tests.bars import bar_faults_everywhere
from tests.conftest import NOON
from tests.factories.inbox import notify


@pytest.fixture
def sam(make_person):
    return make_person(cast.SAM)


@pytest.fixture
def send(sam):
    def send_one(subject="OT has answered", *, to=sam, path="/reviews/", **more):
        return notify(to, subject, body="It was maintenance.", path=path, now=NOON, **more)

    return send_one


def test_an_empty_inbox_says_what_belongs_there(client, sam, noon):
    client.force_login(sam)
    assert b"Nothing was sent to you yet" in client.get("/inbox/").content


def test_a_line_says_why_one_gets_it(client, sam, send, noon):
    send()
    client.force_login(sam)
    page = client.get("/inbox/").content.decode()
    assert "OT has answered" in page
    assert "You get this because you asked." in page
    assert "1 unread" in page


def test_a_line_begins_its_message_and_leaves_the_details_to_its_page(client, sam, send, noon):
    line = send()
    line.body = "Tagout asks OT.\n\nSomebody scanned.\nWhere: Porto\nWhen: 04:33"
    line.save()
    client.force_login(sam)
    page = client.get("/inbox/").content.decode()
    assert "Tagout asks OT. Somebody scanned.</p>" in page
    assert "Where: Porto" not in page


def test_following_a_line_reads_it(client, sam, send, noon):
    line = send(path="/reviews/?tab=answered")
    client.force_login(sam)
    assert client.get(f"/inbox/{line.pk}/")["Location"] == "/reviews/?tab=answered"
    line.refresh_from_db()
    assert line.read_at == NOON


@pytest.mark.abuse("A11")
@pytest.mark.parametrize("path", ["https://evil.example/", "//evil.example/", "/\\evil.example"])
def test_a_line_never_leads_outside(client, sam, send, noon, path):
    line = send(path=path)
    client.force_login(sam)
    assert client.get(f"/inbox/{line.pk}/")["Location"] == "/"


def test_one_line_or_all_are_marked_read(client, sam, send, noon):
    lines = [send(str(n)) for n in range(3)]
    client.force_login(sam)
    client.post("/inbox/read/", {"line": lines[0].pk})
    assert Notification.objects.filter(read_at=None).count() == 2
    reply = client.post("/inbox/read/", {"all": 1}, headers={"hx-request": "true"})
    assert reply.content.decode().lstrip().startswith('<div id="inbox">')
    assert not Notification.objects.filter(read_at=None).exists()


def test_nobody_reads_anothers_inbox(client, make_person, send, noon):
    line = send()
    client.force_login(make_person(cast.ODA))
    assert b"OT has answered" not in client.get("/inbox/").content
    assert client.get(f"/inbox/{line.pk}/").status_code == 404
    client.post("/inbox/read/", {"line": line.pk})
    line.refresh_from_db()
    assert line.read_at is None


def test_fifty_lines_a_page(client, sam, send, noon):
    for n in range(52):
        send(str(n))
    client.force_login(sam)
    page = client.get("/inbox/").content.decode()
    after = page.split("?after=")[1].split('"')[0]
    assert client.get(f"/inbox/?after={after}").content.decode().count('id="line-') == 2


def test_the_bell_counts(client, sam, send, noon):
    send()
    client.force_login(sam)
    assert b'aria-label="Inbox, 1 unread"' in client.get("/inbox/").content


def test_what_was_told_can_be_taken_back_until_its_mail_leaves(send):
    import uuid

    act, other = uuid.uuid4(), uuid.uuid4()
    send(act=act), send(act=other)
    Mail.objects.filter(notification__act=other).update(attempts=1, state="running")
    assert (withdraw_notifications(act=act), withdraw_notifications(act=other)) == (1, 0)
    assert Notification.objects.count() == 1


@pytest.fixture
def folder(settings, tmp_path):
    settings.MAIL_FOLDER = tmp_path
    settings.MAILERS = {
        "default": {
            "BACKEND": "django.core.mail.backends.filebased.EmailBackend",
            "OPTIONS": {"file_path": str(tmp_path)},
        }
    }
    return tmp_path


def test_the_demos_mailbox_shows_mails_and_their_links(client, sam, send, folder, noon):
    from portal import clock

    for subject in ("Was this you? Zażółć", "Second"):
        send(subject)
        assert send_one_mail(now=clock.unshifted())
    client.force_login(sam)
    page = client.get("/demo/mail/").content.decode()
    assert "Was this you? Zażółć" in page
    assert "Second" in page
    assert "To sam@demo.example" in page
    path = page.split('inbox-subject"><a href="')[1].split('"')[0]
    mail = client.get(path).content.decode()
    assert '<a href="http://localhost:8000/reviews/"' in mail


@pytest.mark.browser
def test_a_mail_and_its_link_keep_the_bars(browse, transactional_db, sam, send, folder, noon):
    from portal import clock

    send("Was this you?")
    assert send_one_mail(now=clock.unshifted())
    page = browse("/demo/mail/", as_=sam)
    page.get_by_role("link", name="Was this you?").click()
    assert bar_faults_everywhere(page) == []
    link = page.locator(".mail-body a")
    assert link.bounding_box()["height"] >= 44 and "underline" in link.evaluate(
        "e => getComputedStyle(e).textDecorationLine"
    )


def test_an_empty_mailbox_says_what_to_do(client, sam, folder, noon):
    client.force_login(sam)
    assert b"No mail yet" in client.get("/demo/mail/").content


@pytest.mark.parametrize("path", ["/demo/mail/x.log/0/", "/demo/mail/..%2f..%2fetc/0/"])
def test_only_mails_of_the_folder_can_be_read(client, sam, folder, path):
    client.force_login(sam)
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("path", ["/demo/mail/", "/demo/mail/x/0/"])
def test_without_a_mail_folder_there_is_no_mailbox(client, sam, settings, path):
    settings.MAIL_FOLDER = None
    client.force_login(sam)
    assert client.get(path).status_code == 404
