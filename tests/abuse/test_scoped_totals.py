"""A13: what somebody sees of their part is the same whether or not there is another part."""

import json
import re
from itertools import product

import pytest
from django.test import Client

from portal.accounts.models import GrantScope, Role
from portal.accounts.services.people import SCOPES_OF_ROLE
from tests import cast
from tests.abuse.test_api import OPERATIONS
from tests.abuse.world import WHERE, person_with, the_world
from tests.conftest import NOON
from tests.crawl import read_facts_once
from tests.program import Program
from training.catalog.models import Module

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]

EVERYBODY = [(role, kind) for role, kind in product(Role, WHERE) if kind in SCOPES_OF_ROLE[role]]
SOME = [(Role.SOC_LEAD, GrantScope.WORKSPACE), (Role.OT_SITE_LEAD, GrantScope.SITE)]
LISTS = [
    path
    for path, method, _said in OPERATIONS
    if method == "get" and "{" not in path and path != "/openapi.json"
]
MEASURES = [
    "/metrics/open-incidents/",
    "/metrics/open-incidents/?group_by=site",
    "/metrics/closed-by-people/?group_by=workspace",
    "/metrics/closed-by-rule/",
    "/metrics/answer-time/",
]
PAGES = [
    "/",
    "/incidents/?view=open",
    "/incidents/?view=closed",
    "/incidents/?q=PLC",
    "/search/?q=P",
    "/search/?q=Lead",
    "/devices/",
    "/sites/",
    "/rules/",
    "/rules/?state=proposed",
    "/approvals/",
    "/ledger/",
    "/ledger/?show=again",
    "/reviews/",
    "/reviews/?tab=answered",
    "/patterns/",
    "/plan/",
    "/planned-work/",
    "/status/",
    "/ui/counts/",
    "/ui/foot/",
    "/attack/",
    "/rules/off/",
    "/deployments/",
    "/people/",
    "/inbox/",
]
# What changes by itself: tokens against forged forms, references of refusals, marks of live parts.
OWN = re.compile(
    r'name="csrfmiddlewaretoken" value="\w+"|X-CSRFToken(?:"|&quot;): ?(?:"|&quot;)\w+|\?seen=\w+'
)
# Of no plant: the one record of everything that was done anywhere, the post, the database.
EVERYBODYS = re.compile(
    r"(?<=Mails to send</dt> <dd> )\d+|(?<=PostgreSQL</dt><dd>)[^<]+|"
    r'(?<=Audit record</dt> <dd> )\d+ entries <span class="mono muted">\w+'
)
RECORD = re.compile(r'"record": \{"entries": \d+, "head": "\w+"')


@read_facts_once()
def totals_for(person, program):
    """Everything that lists, counts, finds or measures, as this person gets it."""
    page = Client(raise_request_exception=False)
    page.force_login(person)
    texts = {}
    for address in PAGES:
        answer = page.get(address)
        text = " ".join(answer.text.split()) if answer.status_code == 200 else ""
        text = EVERYBODYS.sub("", OWN.sub("", text))
        texts[address] = (answer.status_code, text)
    for path in (*LISTS, *MEASURES):
        answer = program.get(path.lstrip("/"))
        texts[f"/api/v1{path}"] = (answer.status_code, RECORD.sub("", json.dumps(answer.json())))
    return texts


@pytest.mark.abuse("A13")
def test_a13_lists_counts_searches_and_measures_know_nothing_of_another_part(
    make_person, attempts, long_abuse, monkeypatch
):
    monkeypatch.setattr("portal.clock.unshifted", lambda: NOON)
    workspace, site, ids = the_world(make_person, "gdansk", lead_of=GrantScope.WORKSPACE)
    lessons = Module.objects.get(slug=ids["training/modules"])  # are of no plant, answers are
    people = {
        (role, kind): person_with(
            make_person,
            role,
            kind,
            workspace,
            site,
            of=cast.Person(f"{role}.{kind}@x.example", "P"),
        )
        for role, kind in (EVERYBODY if long_abuse else SOME)
    }
    programs = {who: Program(person) for who, person in people.items()}
    alone = {who: totals_for(person, programs[who]) for who, person in people.items()}
    for name in ("porto", "lille"):
        the_world(make_person, name, lead_of=GrantScope.WORKSPACE, module=lessons)
    for who, person in people.items():
        beside = totals_for(person, programs[who])
        assert sum(status == 200 for status, _ in beside.values()) > 12
        for address, text in alone[who].items():
            differ = differing(text, beside[address])
            attempts.note((*who, address, differ), blocked=text == beside[address])


def differing(before, after):
    """Where two answers begin to differ."""
    (_, first), (_, second) = before, after
    at = next(
        (n for n, pair in enumerate(zip(first, second, strict=False)) if len(set(pair)) > 1), 0
    )
    return first[max(at - 60, 0) : at + 60], second[max(at - 60, 0) : at + 60]


def test_every_list_of_the_api_is_asked():
    asked = {path for path, method, _ in OPERATIONS if method == "get" and "{" not in path}
    assert asked - {"/openapi.json"} == set(LISTS)
