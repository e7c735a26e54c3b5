"""A14: fields that nobody may set are refused by the API, and change nothing in a form."""

import json
from itertools import batched

import pytest
from django.test import Client

from alerts.reviews.models import Opinion
from alerts.suppression.models import Rule, RuleVersion, Signature
from portal.accounts.models import ApiToken, Grant, GrantScope, Role, User
from tests import cast
from tests.abuse.test_api import BODIES, BODIES_BY_PLACE, NEVER_BY_TOKEN, OPERATIONS
from tests.abuse.test_pages import PAGES
from tests.abuse.world import filled
from tests.crawl import read_facts_once
from tests.program import Program

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]

FIELDS = {
    "approved_by": 1,
    "approved_at": "2026-11-24T12:00:00Z",
    "signed_by": 1,
    "signatures": [1, 2],
    "state": "live",
    "status": "live",
    "site": 1,
    "site_ids": [1],
    "workspace": "porto",
    "workspace_ids": [1],
    "is_staff": True,
    "is_superuser": True,
    "is_active": True,
    "role": "administrator",
    "roles": ["administrator"],
    "grants": [1],
    "by": 1,
    "made_by": 1,
    "owner": 1,
    "user": 1,
    "id": 1,
    "pk": 1,
    "uuid": "00000000-0000-0000-0000-000000000001",
    "rule_hash": "0" * 64,
    "backtest": 1,
    "act": "00000000-0000-0000-0000-000000000001",
    "now": "2020-01-01T00:00:00Z",
    "proved_at": "2026-11-24T12:00:00Z",
    "kind": "person",
    "via_token": None,
    "__proto__": {"is_staff": True},
    "constructor": {},
    "_state": {"adding": True},
}

KNOWN = {"incidents": {"site"}, "devices": {"kind", "role"}, "planned-work": {"kind", "site"}}
COLUMNS = {
    User: ("pk", "is_staff", "is_active", "email"),
    Grant: ("pk", "user", "role", "scope", "scope_uuid", "revoked_at"),
    ApiToken: ("pk", "owner", "scopes", "expires_at"),
    Rule: ("pk", "number", "made_by"),
    RuleVersion: ("pk", "made_by", "proposed_by", "rule_hash", "site_ids", "workspace_ids"),
    Signature: ("pk", "version", "by", "side", "rule_hash"),
}


@pytest.mark.abuse("A14")
def test_a14_the_api_refuses_what_it_does_not_know(
    make_person, gdansk, attempts, long_abuse, settings
):
    settings.API_REQUESTS_A_MINUTE = 1_000_000
    workspace, _site, ids = gdansk
    program = Program(
        make_person(
            cast.SAM,
            (Role.SOC_LEAD, GrantScope.WORKSPACE, workspace.uuid),
            (Role.OT_SITE_LEAD, GrantScope.WORKSPACE, workspace.uuid),
        )
    )
    Opinion.objects.update(person=program.token.owner)  # nobody else finds it there
    before = kept()
    for path, method, _said in OPERATIONS:
        if method != "post" or path in NEVER_BY_TOKEN:
            continue
        place = path.strip("/").split("/")
        body = BODIES_BY_PLACE.get(place[0], BODIES).get(place[-1], {})
        address = path.strip("/").replace("{id}", str(ids.get(place[0], ""))) + "/"
        unknown = {
            name: value
            for name, value in FIELDS.items()
            if name not in body and name not in KNOWN.get(place[0], ())
        }
        for names in batched(unknown, 1 if long_abuse else 12, strict=False):
            fields = {name: unknown[name] for name in names}
            answer = program.post(address, {**body, **fields})
            named = answer.json().get("errors", {})
            for name in fields:
                blocked = answer.status_code == 400 and name in named
                attempts.note((path, name, answer.status_code), blocked=blocked)
    assert kept() == before


def kept():
    """What decides over people and rules: rows as text, by the table and their keys."""
    rows = {}
    for model in (User, Grant, ApiToken, Rule, RuleVersion, Signature):
        for row in model.objects.values(*COLUMNS[model]):
            rows[model, row["pk"]] = json.dumps(row, default=str)
    return rows


@pytest.mark.abuse("A14")
@pytest.mark.parametrize("role", [Role.OT_ENGINEER, Role.SOC_ANALYST])
@read_facts_once()
def test_a14_a_form_does_not_take_it(make_person, gdansk, home, role, attempts):
    workspace, _site, _ids = gdansk
    sam = make_person(cast.SAM, (role, GrantScope.WORKSPACE, workspace.uuid))
    page = Client(raise_request_exception=False)
    page.force_login(sam)
    form = {
        name: json.dumps(value) if isinstance(value, dict) else "" if value is None else value
        for name, value in FIELDS.items()
    }
    form |= {"name": "Sam", "email": "sam@demo.example", "language": "de", "time_display": "utc"}
    before = kept()
    for route in PAGES:
        if route in ("logout/", "login/"):
            continue
        answer = page.post(filled(route, home), form)
        after = kept()
        made = {key for key in after if key not in before}  # a draft of one's own is no harm
        blocked = answer.status_code < 500 and all(
            after.get(key) == row for key, row in before.items()
        )
        blocked &= {model for model, _pk in made} <= {Rule, RuleVersion}
        drafts = RuleVersion.objects.filter(
            pk__in=[pk for model, pk in made if model is RuleVersion]
        )
        blocked &= all(draft.state == "draft" and draft.made_by == sam for draft in drafts)
        attempts.note((route, answer.status_code), blocked=blocked)
        before = after
