"""Two plants that must not see each other: one of everything in each."""

import re
import uuid
from io import BytesIO

from alerts.captures.services import attach_capture, read_next_capture
from alerts.incidents.acts.bulk import apply_verb
from alerts.incidents.models import SavedView
from alerts.outbox.models import Change
from alerts.reviews.models import Opinion, SecondOpinion, VerdictFile
from alerts.reviews.services.questions import ask_ot
from alerts.reviews.services.verdicts import give_verdict
from alerts.suppression.deploying.kill_switch import switch_off
from alerts.suppression.models import RuleVersion
from portal.accounts.models import GrantScope, Role, User
from portal.accounts.services.people import SCOPES_OF_ROLE
from portal.accounts.services.tokens import create_token
from portal.audit.models import Entry
from tests import cast
from tests.architecture.tree import HOME
from tests.conftest import NOON
from tests.factories import rule_rows, rules
from tests.factories.automation import make_automation
from tests.factories.exports import make_export
from tests.factories.incidents import make_alert, make_device, make_site, make_workspace
from tests.factories.lessons import make_answers, make_lessons
from tests.factories.patterns import make_pattern, make_site_mining
from tests.factories.planned import make_planned_work
from tests.program import stored_incident

CAPTURE = HOME / "training/content/captures/water-two-writers.pcap"
WHERE = (GrantScope.WORKSPACE, GrantScope.SITE)


def the_world(make_person, name, *, lead_of=GrantScope.ALL, module=None):
    """One plant with its workspace, and one of everything in it. Its lead is one of all plants
    unless `lead_of` says otherwise, and people learn from a module of its own unless one is given.
    """
    workspace, site = make_workspace(name), make_site(name.title())
    lead = make_person(
        cast.Person(f"lead@{name}.example", "Lead"),
        (Role.SOC_LEAD, lead_of, workspace.uuid if lead_of == GrantScope.WORKSPACE else None),
    )
    ot = make_person(
        cast.Person(f"ot@{name}.example", "Olga"), (Role.OT_ENGINEER, GrantScope.SITE, site.uuid)
    )
    incidents = [stored_incident(workspace, site_ids=[site.pk]) for _ in range(2)]
    device = make_device(site, f"PLC-{name}", "10.0.0.1")
    alert = make_alert(incidents[0], site=site, zone=device.zone, any_address=[device.address])
    verdict = give_verdict(
        by=ot,
        key=uuid.uuid4(),
        verdict="routine",
        cause="other",
        now=NOON,
        incident_ids=[incidents[1].pk],
    )
    asked = ask_ot(
        incident_ids=[incidents[0].pk], site_id=site.pk, question="Yours?", by=lead, now=NOON
    )
    here = {"ot": ot, "soc": lead, "workspace": workspace, "site": site}
    confirmed = SecondOpinion.objects.create(
        verdict=verdict, site=site, opened_at=NOON, state="confirmed", decided_at=NOON
    )
    put_to_ot = Opinion.objects.create(
        second_opinion=confirmed,
        person=ot,
        asked_at=NOON,
        due_at=NOON,
        act=uuid.uuid4(),
        state="passed",
        settled_at=NOON,
    )
    version = rule_rows.make_version("proposed", of=rules.downloads(), **here)
    version.evidence.set([verdict])
    line = rule_rows.make_entry(version, workspace=workspace, site=site)
    wanted = rule_rows.make_wanted(version, workspace=workspace)
    make_site_mining(site)
    capture = attach_capture(
        incident_id=incidents[0].pk,
        file=BytesIO(CAPTURE.read_bytes()),
        name="water.pcap",
        note="",
        by=lead,
        now=NOON,
        unshifted=NOON,
    )
    assert read_next_capture(unshifted=NOON, now=NOON)
    automation = make_automation(workspace, incidents[0], by=lead)
    module = module or make_lessons(1)
    (learned,) = make_answers(ot, module)
    ids = {
        "training/modules": module.slug,
        "training/results": learned.pk,
        "rules": version.rule.uuid,
        "ledger": line.pk,
        "deployments": wanted.pk,
        "patterns": make_pattern(workspace, site, plan_order=1, plan_gain=9, plan_share=1.0).uuid,
        "incidents": incidents[0].pk,
        "alerts": alert.pk,
        "reviews": asked.uuid,
        "annotations": verdict.uuid,
        "second-opinions": confirmed.uuid,
        "opinions": put_to_ot.uuid,
        "workspaces": name,
        "planned-work": make_planned_work(site, by=ot).uuid,
        "captures": capture.uuid,
        **automation,
        "sites": site.pk,
        "zones": site.zones.get().pk,
        "devices": device.pk,
        "exports": make_export(lead).uuid,
        "audit": Entry.objects.latest("seq").seq,
    }
    return workspace, site, ids


def kinds_to_try(role, *, is_long):
    """At what kinds of place to try a role: in the short form at one, the next role at another."""
    kinds = [kind for kind in WHERE if kind in SCOPES_OF_ROLE[role]]
    return kinds if is_long else kinds[list(Role).index(role) % len(kinds or [0]) :][:1]


def person_with(make_person, role, kind, workspace, site, *, of=cast.SAM):
    scope = workspace.uuid if kind == GrantScope.WORKSPACE else site.uuid
    return make_person(of, (role, kind, scope))


def things_of(workspace, site, ids):
    """For each placeholder of the address of a page what stands for it in this world."""
    lead = User.objects.get(email=f"lead@{workspace.name}.example")
    token = create_token(
        owner=lead, name="export", scopes=["read"], by=lead.name, now=NOON, days=30
    ).token
    act = apply_verb(
        verb="comment",
        values={"message": "Ours."},
        incident_ids=[ids["incidents"]],
        by=lead,
        act=uuid.uuid4(),
        now=NOON,
    )
    (stop,) = switch_off(by=lead, workspace_id=workspace.pk, reason="Odd.", now=NOON)
    version = RuleVersion.objects.get(rule__uuid=ids["rules"])
    owed = Change.objects.filter(workspace=workspace).earliest("pk")
    verdict_file = VerdictFile.objects.create(name="verdicts.csv", imported_at=NOON)
    view = SavedView.objects.create(owner=lead, name="Theirs", view="needs", made_at=NOON)
    return {
        "task": uuid.uuid4(),
        "report": uuid.uuid4(),
        "table": "types",
        "workspace": workspace.uuid,
        "token": token.uuid,
        "act": act,
        "incident_id": ids["incidents"],
        "uuid": ids["reviews"],
        "capture": ids["captures"],
        "export": ids["exports"],
        "playbook": ids["playbooks"],
        "consent": ids["consents"],
        "rule": ids["made-rules"],
        "work": ids["planned-work"],
        "pattern": ids["patterns"],
        "version": version.uuid,
        "entry_id": ids["ledger"],
        "stop_id": stop.pk,
        "change_id": owed.pk,
        "device_id": ids["devices"],
        "site": site.uuid,
        "file": uuid.uuid4(),
        "file_id": verdict_file.pk,
        "pk": view.pk,
        "site_id": site.pk,
        "key": uuid.uuid4(),
        "line": 1,
        "number": 1,
        "verb": "pause",
        "command": "stop",
        "technique_id": "T0843",
        "note": 1_000_000,
        "slug": "controller-stop",
        "person": lead.uuid,
        "grant": lead.grants.earliest("pk").pk,
        "module": "theirs",
        "path": "theirs.md",
        "kind": "scorm",
        "name": "water-two-writers",
        "layout": "wide",
        "place": 0,
        "lesson": "theirs",
        "question": "theirs",
    }


def filled(route, things):
    """The address of a page, with things of a world in its places."""
    return "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda match: str(things[match[1]]), route)
