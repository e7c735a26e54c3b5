"""A new administrator makes an empty workspace ready by its page alone, until OT has answered for
its first incident.
"""

import re
from io import StringIO

import pytest
from django.core.management import call_command
from playwright.sync_api import expect

from alerts.demo.services import SECRET_VARIABLE
from alerts.incidents.models import Incident
from alerts.readiness.tasks import (
    carry_out_setup_steps,
    read_incident_rights,
    read_prerequisites,
    read_rule_rights,
)
from portal.accounts.models import User
from portal.runtime.service_urls import mailer
from simulator.running import running_simulator
from tests import cast
from tests.conftest import add_person
from tests.journeys.mail import link_in
from tests.journeys.people import answer_maintenance, ask_at_the_desk, twenty_seconds_later
from tests.journeys.world import DOWNLOAD, World

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
NAME = "gdansk"


class NewWorld(World):
    """A pretend Azure on its first day, and Tagout's workers, run by hand."""

    def __init__(self, simulator, mailbox):
        super().__init__(simulator.control, mailbox)
        self.simulator = simulator

    def add_workspace(self):
        """What `workspace add` is told, as the page of workspaces says."""
        place = self.simulator.workspaces[0]
        options = {
            "tenant": place.tenant_id,
            "subscription": place.subscription_id,
            "resource-group": place.resource_group,
            "workspace": place.name,
            "endpoint": self.simulator.endpoint,
            "authority": self.simulator.endpoint,
            "ca-bundle": str(self.simulator.ca_file),
            "credential": "client-secret",
            "client-id": self.simulator.application().client_id,
            "secret-env": SECRET_VARIABLE,
        }
        words = [f"--{name}={value}" for name, value in options.items()]
        call_command("workspace", "add", NAME, *words, stdout=StringIO())

    def work(self):
        """The workers of readiness have had their turn."""
        carry_out_setup_steps()
        read_prerequisites()
        read_incident_rights()
        read_rule_rights()

    def program_download(self, nonce):
        """The engineering station programs a PLC; returns how many incidents Sentinel made."""
        wish = {"site": NAME, "nonce": nonce}
        made = self.control.inject(kind=DOWNLOAD, options=wish)["incidents"]
        self.made += [row["name"] for row in made]
        return len(made)


@pytest.fixture
def new_world(mailbox, monkeypatch, settings, live_server, transactional_db):
    settings.MAILERS = {"default": mailer(mailbox.url)}
    settings.PUBLIC_URL = live_server.url
    with running_simulator(empty=True) as simulator:
        monkeypatch.setenv(SECRET_VARIABLE, simulator.application().secret)
        mailbox.clear()
        yield NewWorld(simulator, mailbox)


def row(page, label):
    """The check of this name on the page."""
    heading = page.get_by_role("heading", name=re.compile(f"^{re.escape(label)}"), level=3)
    return page.locator("li.prerequisite", has=heading)


def test_from_an_empty_workspace_to_the_first_answer(new_world, browse):
    ada = add_person(cast.ADA, ("administrator", "all", None))
    page = browse("/workspaces/", as_=ada)
    expect(page.locator("main")).to_contain_text("workspace add")
    new_world.add_workspace()
    page.reload()
    page.get_by_role("main").get_by_role("link", name=NAME).click()
    expect(row(page, "Defender for IoT connector")).to_contain_text("Not looked at yet.")

    page.get_by_role("button", name="Check now").click()
    expect(page.locator("main")).to_contain_text("Workers are looking at this workspace.")
    new_world.work()
    twenty_seconds_later(page)
    page.locator("#fine-checks > summary").click()  # stays open while the page renews itself
    expect(row(page, "Defender for IoT plan")).to_contain_text("streams into this workspace")
    expect(row(page, "Rules that create incidents")).to_contain_text("alerts stay unseen")
    assert new_world.program_download(nonce=1) == 0

    for label, button, done in (
        ("Defender for IoT connector", "Connect", "brings the alerts"),
        ("Content package", "Install", "is installed"),
        ("Analytics rules", "Enable the rules", "All 15 rules"),
    ):
        assert new_world.program_download(nonce=f"before {button}") == 0
        row(page, label).get_by_role("button", name=button).click()
        expect(page.locator(".toast").last).to_contain_text("A worker does it")
        page.locator("#fine-checks > summary").click()
        new_world.work()
        twenty_seconds_later(page)
        expect(row(page, label)).to_contain_text(done)
        expect(row(page, label).get_by_role("button")).to_have_count(0)

    people = row(page, "People of the SOC")
    sam = follow_the_commands(people, cast.SAM)
    twenty_seconds_later(page)
    expect(people).to_contain_text("People of the SOC who see this workspace: 1.")

    assert new_world.program_download(nonce=2) == 1
    new_world.sync(NAME)
    twenty_seconds_later(page)
    expect(row(page, "Latest alert")).to_contain_text("less than three days ago")
    oda = follow_the_commands(row(page, "People of OT"), cast.ODA)
    twenty_seconds_later(page)
    expect(row(page, "People of OT")).to_contain_text("Every site has people of OT: Gdańsk.")
    queue = row(page, "First answer of OT").get_by_role("link", name="Triage queue")

    desk = browse(queue.get_attribute("href"), as_=sam)
    ask_at_the_desk(desk, "Unauthorized PLC Programming")
    new_world.post()
    (mail,) = new_world.mailbox.to(oda)
    answer_maintenance(browse(link_in(mail), as_=oda, width=390))
    assert Incident.objects.get().ot_state == "maintenance"
    page = browse(f"/workspaces/{NAME}/", as_=ada)
    page.locator("#fine-checks > summary").click()
    expect(row(page, "First answer of OT")).to_contain_text("OT has answered")
    failed = page.locator("li.prerequisite", has=page.locator(".is-high"))
    expect(failed.get_by_role("heading")).to_have_text(["User behaviour (UEBA)"])


def follow_the_commands(check, person):
    """Type the two commands that a check names, for this person."""
    words = check.inner_text()
    grant = re.search(r"grant EMAIL (\S+) --(\w+) “?([^”.\n]+)”?\.", words)
    call_command("person", "add", person.email, person.name, stdout=StringIO())
    role, scope, name = grant.groups()
    call_command("grant", person.email, role, f"--{scope}={name}", stdout=StringIO())
    return User.objects.get(email=person.email)
