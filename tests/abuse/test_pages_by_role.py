"""Each page as each role: badges, keys, dialogs and forms are there for whoever may use them, and
for nobody else; and a page that shows what came from Sentinel says when that is old (G9).
"""

from collections import defaultdict
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import resolve

from alerts.incidents.ingest.groups import regroup
from alerts.incidents.models import Incident
from alerts.intake.models import Cursor
from alerts.readiness.models import Finding
from alerts.reviews.models import Verdict
from alerts.sentinel.models import Workspace
from alerts.suppression.models import RuleVersion
from portal.accounts.models import GrantScope, Role, User
from tests import cast
from tests.abuse.roles import Offers, plain
from tests.conftest import NOON, add_person
from tests.crawl import MAX_OF_A_KIND, kind_of, read_facts_once
from tests.factories import lessons
from tests.factories.incidents import make_workspace
from tests.factories.lessons import make_draft, publish_modules
from tests.reuse import reuse_rows

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]

ROLES = {
    "engineer": Role.OT_ENGINEER,
    "site lead": Role.OT_SITE_LEAD,
    "analyst": Role.SOC_ANALYST,
    "soc lead": Role.SOC_LEAD,
    "manager": Role.MANAGER,
    "auditor": Role.AUDITOR,
    "administrator": Role.ADMINISTRATOR,
    "trainer": Role.TRAINING_MANAGER,
    "nobody": None,
}
OT, SOC = {"engineer", "site lead"}, {"analyst", "soc lead"}
HANDS = OT | SOC
READERS = HANDS | {"manager", "auditor"}
SIGNERS = OT | {"soc lead"}
LEADS = {"site lead", "soc lead", "administrator"}

HEAD = ("aside", "assign", "close", "escalate", "severity")  # what the head of an incident offers

# What each page offers to whom: forms that post, and dialogs that are fetched. Nothing else.
OFFERED = {
    "home": {},
    "queue": {"data-acts": SOC, "data-ask": SOC, "exports:list": READERS},
    "closed queue": {"data-acts": SOC, "data-ask": SOC, "exports:list": READERS},
    "panel": {
        f"incidents:act {verb}": SOC for verb in ("aside", "assign", "close", "comment", "severity")
    },
    "incident": {
        f"incidents:act {verb}": SOC
        for verb in ("aside", "assign", "close", "comment", "escalate", "severity")
    },
    "captures": {
        **{f"incidents:act {verb}": SOC for verb in HEAD},
        "captures:attach": SOC,
    },
    "removal of a capture": {"captures:remove": {"soc lead"}},
    "ot panel": {"reviews:judge": OT, "reviews:hand-over": OT, "reviews:withdraw": SOC},
    "judged ot panel": {"reviews:judge": OT, "reviews:ask": SOC},
    "reviews": {},
    "review": {"reviews:answer": OT, "reviews:hand-over": OT, "reviews:withdraw": SOC},
    "patterns": {"patterns:mine": HANDS},
    "pattern": {f"patterns:{act}": HANDS for act in ("reject", "snooze", "turn")},
    "planned work of a week": {},
    "planned work": {f"planned_work:{act}": OT for act in ("extend", "done", "cancel")},
    "rules": {"suppression:new": HANDS},
    "rule": {
        "suppression:act new-version": HANDS,
        "suppression:act reject": SIGNERS,
        "suppression:act request-changes": SIGNERS,
    },
    "approvals": {},
    "deployments": {},
    "ledger": {},
    "automation": {
        "automation:read_again": SOC | {"administrator"},
        "automation:remove_rule": SOC | {"administrator"},
    },
    "automation rule from an incident": {"automation:new_rule": {"soc lead"}},
    "playbook": {"automation:mark": LEADS},
    "check of a workflow": {"automation:workflow": {"soc lead", "administrator"}},
    "playbooks of an incident": {
        **{f"incidents:act {verb}": SOC for verb in HEAD},
        "automation:run": SOC,
    },
    "consent to a playbook": {"automation:consent": HANDS},
    "why closed": {"suppression:from_incident": HANDS},
    "kill switch": {"suppression:off": HANDS},
    "status": {},
    "workspaces": {},
    "readiness": {
        "readiness:check": {"soc lead", "administrator"},
        "readiness:set-up": {"administrator"},
    },
    "what is collected": {},
    "devices": {},
    "device": {"devices:describe": OT},
    "import of devices": {"devices:import": OT},
    "sites": {},
    "site": {"sites:set": {"site lead", "administrator"}},
    "inbox": {},
    "tokens": {"api-tokens": set(ROLES)},
    "lesson editor": {},
    "files of a module": {f"authoring:{act}": {"trainer"} for act in ("add-file", "remove-module")},
    "editor of a lesson": {"authoring:edit": {"trainer"}},
    "changes of lessons": {"authoring:publish": {"trainer"}},
    "upload of modules": {"authoring:upload": {"trainer"}},
    "learning paths": {"authoring:add-file": {"trainer"}},
    "password": {"change-password": set(ROLES)},
    "people": {},
    "person": {},
    "disabling a person": {"people:disable": {"administrator"}},
    "taking a role back": {"people:revoke": {"administrator"}},
    "disabled person": {"people:enable": {"administrator"}},
}
PEOPLE = {"people", "person", "disabling a person", "taking a role back", "disabled person"}
WORKSPACES = {"workspaces", "readiness", "what is collected"}
SEE_WORKSPACES = READERS | {"administrator"}
EDITOR = {
    "lesson editor",
    "files of a module",
    "editor of a lesson",
    "changes of lessons",
    "upload of modules",
    "learning paths",
}
OPEN_TO_ALL = {
    "home",
    "inbox",
    "tokens",
    "password",
    "site",
    "automation",
    "playbook",
    "check of a workflow",
}
BADGES = {"/incidents/": SOC, "/reviews/": HANDS, "/approvals/": {"soc lead"}}
LIST_KEYS = {"J", "O", "Enter", "Space", ".", "/", "[", "]"}
KEYS = {"X": SOC, "B": SOC, "C": SOC, "E": SOC, "S": READERS, "Z": HANDS, "V": OT}
KEYS |= dict.fromkeys(LIST_KEYS, READERS)
KEYS |= {key: set(ROLES) for key in ("Ctrl K", "Enter")}  # of the search, which everybody has
# What shows nothing that came from Sentinel, and so need not say how old that is.
WITHOUT_SENTINEL = {
    "/inbox/": "messages, each with the time at which it was written",
    "/tokens/": "a person's own tokens",
    "/login/": "the person's own password",
    "/people/": "people and their roles",
    "/authoring/": "drafts of lessons",
    "/training/": "lessons, and how far somebody is with them",
    "/team-progress/": "how far teams are with them",
    "/captures/": "files that people attached",
    "/attack/mapping/": "what reviewers say of alert types",
    "/attack/compare/": "two releases of ATT&CK",
    "/ui/": "the kit, with invented data",
    "/api/": "the description of the API",
}


@reuse_rows
def world(gdansk):
    """The addresses of one of everything; Sentinel was read twenty minutes ago."""
    workspace, site, ids = gdansk
    Cursor.objects.create(workspace=workspace, fresh_at=NOON - timedelta(minutes=20))
    Finding.objects.create(
        workspace=workspace, part="connectors", facts=[], read_at=NOON, tried_at=NOON
    )
    regroup([row.pk for row in Incident.objects.all()], now=NOON)
    judged = Verdict.objects.get().incidents.get()
    publish_modules()
    cards = lessons.CARDS.replace("stops.[", "halts.[")
    make_draft("first-module", "cards.md", Verdict.objects.get().by, cards)
    return {
        "home": "/",
        "queue": "/incidents/",
        "closed queue": "/incidents/?view=closed",
        "panel": f"/incidents/{judged.pk}/panel",
        "incident": f"/incidents/{ids['incidents']}/",
        "captures": f"/incidents/{ids['incidents']}/?tab=pcap",
        "removal of a capture": f"/captures/{ids['captures']}/remove/",
        "ot panel": f"/incidents/{ids['incidents']}/verdict/panel/",
        "judged ot panel": f"/incidents/{judged.pk}/verdict/panel/",
        "reviews": "/reviews/",
        "review": f"/reviews/{ids['reviews']}/",
        "patterns": "/patterns/",
        "pattern": f"/patterns/{ids['patterns']}/",
        "planned work of a week": "/planned-work/",
        "planned work": f"/planned-work/{ids['planned-work']}/",
        "rules": "/rules/",
        "rule": f"/rules/{RuleVersion.objects.get().uuid}/",
        "approvals": "/approvals/",
        "deployments": "/deployments/",
        "ledger": "/ledger/",
        "automation": "/automation/",
        "check of a workflow": "/automation/workflow/gdansk/",
        "automation rule from an incident": f"/automation/rules/new/{ids['incidents']}/",
        "playbook": f"/automation/playbooks/{ids['playbooks']}/",
        "playbooks of an incident": f"/incidents/{ids['incidents']}/?tab=playbooks",
        "consent to a playbook": f"/automation/consents/{ids['consents']}/",
        "why closed": f"/incidents/{ids['incidents']}/why-open/",
        "kill switch": "/rules/off/",
        "status": "/status/",
        "workspaces": "/workspaces/",
        "readiness": f"/workspaces/{workspace.name}/",
        "what is collected": f"/workspaces/{workspace.name}/collected/",
        "devices": "/devices/",
        "device": f"/devices/{ids['devices']}/",
        "import of devices": "/devices/import/",
        "sites": "/sites/",
        "site": f"/sites/{site.uuid}/",
        "inbox": "/inbox/",
        "tokens": "/tokens/",
        "lesson editor": "/authoring/",
        "files of a module": "/authoring/modules/first-module/",
        "editor of a lesson": "/authoring/modules/first-module/file/01-one-stop.md",
        "changes of lessons": "/authoring/changes/",
        "upload of modules": "/authoring/upload/",
        "learning paths": "/authoring/paths/",
        "password": "/login/password/",
        **pages_about_people(),
    }


def pages_about_people():
    """The addresses of pages about two people, of whom one is disabled."""
    manager = (Role.MANAGER, GrantScope.ALL, None)
    here = add_person(cast.Person("here@plant.example", "Hedda"), manager)
    gone = add_person(cast.Person("gone@plant.example", "Gustav"), manager)
    User.objects.filter(pk=gone.pk).update(is_active=False)
    return {
        "people": "/people/?q=plant.example",
        "person": f"/people/{here.uuid}/",
        "disabling a person": f"/people/{here.uuid}/disable/",
        "taking a role back": f"/people/{here.uuid}/roles/{here.grants.get().pk}/revoke/",
        "disabled person": f"/people/{gone.uuid}/",
    }


@pytest.fixture
def visit(make_person):
    """`visit("analyst")` is a browser of somebody with that one role, or several, everywhere."""

    def made(*names):
        grants = [(ROLES[name], GrantScope.ALL, None) for name in names if ROLES[name]]
        page = Client()
        page.force_login(make_person(cast.SAM, *grants))
        return page

    return made


def allowed(table, role):
    return {thing for thing, who in table.items() if role in who}


def offers(answer, address):
    return Offers(answer.content.decode(), address.partition("?")[0])


def banner_of(answer):
    return plain(answer.content.decode().partition('class="stale">')[2].partition("</div>")[0])


def wrong_about_age(answers, *, is_late):
    """The whole pages, open to the person, that hide how old their data is, or say it where none is
    late.
    """
    without = tuple(WITHOUT_SENTINEL)
    pages = {
        address: answer.content
        for address, answer in answers.items()
        if answer.status_code == 200 and answer["Content-Type"].startswith("text/html")
    }
    return {
        address
        for address, page in pages.items()
        if (b'class="stale"' in page)
        != (is_late and b"</html>" in page and not address.startswith(without))
    }


@pytest.mark.parametrize("role", ROLES)
@read_facts_once()
def test_a_page_offers_what_the_role_may_do_and_no_link_leads_to_a_closed_page(world, visit, role):
    page = visit(role)
    answers = {address: page.get(address) for address in world.values()}
    offers_by_name = {name: offers(answers[address], address) for name, address in world.items()}
    closed = OFFERED.keys() - OPEN_TO_ALL if role not in READERS else set()
    closed = closed - EDITOR if role == "trainer" else closed | EDITOR
    closed = closed - PEOPLE if role == "administrator" else closed | PEOPLE
    closed = closed - WORKSPACES if role == "administrator" else closed
    assert {name: offer.doors for name, offer in offers_by_name.items()} == {
        name: set() if name in closed else allowed(table, role) for name, table in OFFERED.items()
    }
    assert offers_by_name["queue"].badges == allowed(BADGES, role)
    assert offers_by_name["queue"].keys & KEYS.keys() == allowed(KEYS, role)
    links = set().union(*(offer.links for offer in offers_by_name.values()))
    answers |= {link: page.get(link) for link in some_of_each_kind(links)}
    assert {link for link in links & answers.keys() if answers[link].status_code >= 400} == set()
    assert wrong_about_age(answers, is_late=role in SEE_WORKSPACES) == set()


@read_facts_once()
def test_no_page_says_that_fresh_data_is_late(world, visit):
    Cursor.objects.update(fresh_at=NOON)
    page = visit("engineer", "auditor", "administrator")  # to whom all of them are open
    answers = {address: page.get(address) for address in world.values()}
    closed = {name for name, address in world.items() if answers[address].status_code == 403}
    assert closed == EDITOR | {"removal of a capture", "automation rule from an incident"}
    assert wrong_about_age(answers, is_late=False) == set()


def test_a_page_about_one_workspace_says_nothing_of_another(world, visit):
    late = make_workspace("porto")
    Cursor.objects.create(workspace=late, fresh_at=NOON - timedelta(minutes=7))
    page = visit("auditor")
    words = banner_of(page.get("/rules/"))
    assert "Sentinel sync of gdansk: 20 min ago. What you see may be out of date." in words
    assert "1 more workspace is late." in words
    Cursor.objects.exclude(workspace=late).update(fresh_at=NOON)
    words = banner_of(page.get("/rules/"))
    assert "Sentinel sync of porto: 7 min ago." in words
    assert "out of date" not in words  # amber
    for name in ("incident", "review", "readiness"):
        assert b'class="stale"' not in page.get(world[name]).content


def test_only_pages_about_a_paused_workspace_say_how_old_it_is(world, visit):
    Workspace.objects.update(state=Workspace.State.PAUSED)
    page = visit("auditor")
    for name in ("incident", "review"):
        words = banner_of(page.get(world[name]))
        assert "gdansk is paused. Sentinel sync: 20 min ago." in words
    assert b'class="stale"' not in page.get(world["queue"]).content


def some_of_each_kind(links):
    """Two links to pages of each kind; the same page with other rows is open to the same roles."""
    by_kind = defaultdict(list)
    for link in sorted(links):
        if not is_file(link):
            by_kind[kind_of(link)].append(link)
    return [link for alike in by_kind.values() for link in alike[:MAX_OF_A_KIND]]


def is_file(link):
    return link.startswith("/static/") or resolve(link.partition("?")[0]).view_name == "ui:gallery"


@pytest.mark.parametrize("role", sorted(READERS - SOC))
def test_an_act_typed_into_the_address_says_why_not_and_asks_nothing(world, visit, role):
    about = world["incident"].strip("/").replace("/", "=").replace("incidents", "incident")
    page = visit(role)
    for verb in ("assign", "severity", "close", "comment", "reopen"):
        answer = page.get(f"/incidents/act/{verb}/?{about}").content.decode()
        form = answer.partition('id="act-form"')[2].partition("</form>")[0]
        assert "only the SOC" in form or "Only a SOC analyst or SOC lead" in form
        assert 'type="submit"' not in form
        assert "<textarea" not in form


def test_an_administrator_is_told_what_they_may_do_who_sees_incidents_and_how_to_get_there(
    world, visit, make_person
):
    make_person(cast.INES, (Role.AUDITOR, GrantScope.ALL, None))
    page = visit("administrator")
    for name in ("queue", "incident", "reviews", "rules"):
        answer = page.get(world[name])
        words = plain(answer.content.decode())
        assert answer.status_code == 403
        assert "Nothing to triage" not in words
        assert "Your role does not include this page." in words
        assert "looks after people, workspaces and system status" in words
        assert "Auditor: Ines Moreau" in words
        assert "python manage.py grant sam@demo.example auditor" in words
    home = plain(page.get("/").content.decode())
    assert "You see no incidents" in home
    assert "Auditor: Ines Moreau" in home


@pytest.mark.parametrize("role", ROLES)
def test_a_token_is_offered_the_scopes_that_its_owner_could_use(world, visit, role):
    text = visit(role).get("/tokens/").text
    table = {"read": ROLES, "incidents:write": SOC, "reviews:write": HANDS, "rules:write": HANDS}
    table["work:write"] = OT
    table["sites:write"] = OT | {"administrator"}
    scopes = {scope for scope in table if f'name="scopes" value="{scope}"' in text}
    assert scopes == allowed(table, role)


def test_the_command_that_is_named_gives_the_right(world, visit):
    from django.core.management import call_command

    page = visit("administrator")
    words = plain(page.get(world["queue"]).content.decode())
    command = words.partition("python manage.py ")[2].split()[:3]
    call_command(*command)
    assert page.get(world["queue"]).status_code == 200


def test_who_has_no_role_learns_whom_to_ask_but_not_who_works_here(world, visit, make_person):
    make_person(cast.ADA, (Role.ADMINISTRATOR, GrantScope.ALL, None))
    page = visit("nobody")
    for address in ("/", world["queue"], world["status"]):
        words = plain(page.get(address).content.decode())
        assert "Ask an administrator: Ada Okafor." in words
        assert "Olga" not in words  # OT at the plant


def test_a_part_of_a_closed_page_is_explained_too(world, visit):
    answer = visit("administrator").get(world["panel"], headers={"HX-Request": "true"})
    assert answer.status_code == 403
    assert b"<html" not in answer.content
    assert b"Your role does not include this page." in answer.content
