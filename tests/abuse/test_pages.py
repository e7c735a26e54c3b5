"""A12 and A13 over the pages; and a form with NUL in it is 400, never a mistake of ours."""

import re
import uuid

import pytest
from django.test import Client

from alerts.captures.models import CaptureAccess
from alerts.incidents.services.verbs import do_verb
from alerts.outbox.models import Change
from alerts.reviews.models import Annotation, Review
from alerts.suppression.models import RuleVersion
from alerts.suppression.services.switch import switch_off
from portal.accounts.models import Role, User
from portal.accounts.services import SCOPES_OF_ROLE, create_token
from portal.audit.models import Entry
from tests.abuse.world import WHERE, person_with
from tests.architecture.test_strangers import addresses
from tests.conftest import NOON
from tests.reuse import reuse_rows

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]

PAGES = sorted({route for name, route in addresses() if name and not route.startswith("api/")})
OPEN = {"logout/", "login/", "healthz", "readyz"}
# About nobody's things in particular: the gallery, the demo's mails, lessons and their captures.
NOBODYS = re.compile(r"ui/|demo/|training/")
SHARED = {
    "attack/<str:technique_id>/",
    "attack/mapping/<slug:slug>/",
}  # there for everybody, with what each may see
COUNTED = (Entry, Review, Annotation, RuleVersion, Change, CaptureAccess)


@reuse_rows
def foreign(porto):
    """For each placeholder of an address what stands for it in Porto."""
    workspace, site, ids = porto
    lead = User.objects.get(email="lead@porto.example")
    token = create_token(
        owner=lead, name="export", scopes=["read"], by=lead.name, now=NOON, days=30
    ).token
    act = do_verb(
        verb="comment", said={"message": "Ours."}, incident_ids=[ids["incidents"]], by=lead,
        act=uuid.uuid4(), now=NOON,
    )  # fmt: skip
    (stop,) = switch_off(by=lead, workspace_id=workspace.pk, reason="Odd.", now=NOON)
    version = RuleVersion.objects.get(rule__uuid=ids["rules"])
    owed = Change.objects.filter(workspace=workspace).earliest("pk")
    return {
        "token": token.uuid, "act": act, "incident_id": ids["incidents"], "review": ids["reviews"],
        "capture": ids["captures"],
        "work": ids["planned-work"], "candidate": ids["patterns"], "version": version.uuid,
        "entry_id": ids["ledger"],
        "stop_id": stop.pk, "change_id": owed.pk,
        "device_id": ids["devices"], "site": site.uuid, "file": uuid.uuid4(),
        "key": uuid.uuid4(), "line": 1, "number": 1, "verb": "pause", "deed": "stop",
        "technique_id": "T0843", "note": 1_000_000, "slug": "controller-stop",
        "person": lead.uuid, "grant": lead.grants.earliest("pk").pk,
        "module": "theirs", "path": "theirs.md", "kind": "scorm",
    }  # fmt: skip


def filled(route, things):
    return "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda found: str(things[found[1]]), route)


@pytest.mark.parametrize(
    ("role", "kind"),
    [(role, kind) for role in Role for kind in WHERE if kind in SCOPES_OF_ROLE[role]],
)
def test_a12_pages_show_and_change_nothing_of_another_site_or_workspace(
    make_person, gdansk, foreign, role, kind
):
    workspace, site, _ = gdansk
    page = Client(raise_request_exception=False)
    page.force_login(person_with(make_person, role, kind, workspace, site))
    before, failures = [each.objects.count() for each in COUNTED], []
    for route in PAGES:
        if route in OPEN or NOBODYS.match(route):
            continue
        address = filled(route, foreign)
        is_theirs = "<" in route and route not in SHARED
        for ask in (page.get, page.post) if is_theirs else (page.get,):
            answer = ask(address, headers={"HX-Request": "true"} if "undo" in route else None)
            allowed = {400, 403, 404, 405, 409} if is_theirs else {200, 204, 302, 403, 404, 405}
            shows = not is_theirs
            if ask == page.get and answer.status_code == 302 and is_theirs:
                # The address of a form leads to its page, which shows nothing of theirs either.
                answer, allowed, shows = page.get(answer["Location"]), {200, 403, 404}, True
            told = shows and re.search(rb"(?is).{,80}porto.{,60}", answer.content)
            if answer.status_code not in allowed or told:
                failures.append((ask.__name__, address, answer.status_code, told and told[0]))
    assert not failures, "\n".join(map(str, failures))
    assert [each.objects.count() for each in COUNTED] == before


def test_a_form_or_an_address_with_nul_in_it_is_not_understood(gdansk):
    _workspace, _site, ids = gdansk
    page = Client(raise_request_exception=False)
    page.force_login(User.objects.get(email="lead@gdansk.example"))
    pattern, number = ids["patterns"], ids["incidents"]
    forms = {
        "/rules/off/": {"where": "all", "reason": "Odd\x00"},
        f"/patterns/{pattern}/reject/": {"reason": "Not \x00 routine"},
        f"/reviews/incidents/{number}/verdict/": {
            "key": str(uuid.uuid4()),
            "cause_routine": "\x00",
        },
        "/incidents/act/assign/": {"incident": str(number), "to": "\x00"},
        "/preferences/": {"language": "de", "ne\x00xt": "/"},
    }
    assert {at: page.post(at, form).status_code for at, form in forms.items()} == dict.fromkeys(
        forms, 400
    )
    assert page.get("/ledger/", {"where": "a\x00"}).status_code == 400
    assert Client().get("/rules/", {"state": "\x00"}).status_code == 302  # strangers sign in first


def test_a10_no_answer_may_be_kept(gdansk):
    page = Client()
    addresses = ("/login/", "/", "/incidents/", "/rules/", "/status/", "/nothing/", "/healthz")
    assert {page.get(at)["Cache-Control"] for at in addresses} == {"no-store"}
    page.force_login(User.objects.get(email="lead@gdansk.example"))
    assert {page.get(at)["Cache-Control"] for at in addresses} == {"no-store"}
