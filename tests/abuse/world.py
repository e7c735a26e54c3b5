"""Two plants that must not see each other: one of everything in each."""

import uuid
from io import BytesIO

from alerts.captures.services import attach_capture, read_a_capture
from alerts.reviews.models import Opinion, SecondOpinion
from alerts.reviews.services import ask_ot, give_verdict
from portal.accounts.models import Role, ScopeKind
from tests import cast
from tests.architecture.tree import HOME
from tests.conftest import NOON
from tests.factories import rule_rows, rules
from tests.factories.incidents import make_alert, make_device, make_site, make_workspace
from tests.factories.lessons import make_answers, make_lessons
from tests.factories.patterns import make_candidate, make_site_mining
from tests.factories.planned import make_planned_work
from tests.program import stored_incident

CAPTURE = HOME / "training/content/captures/water-two-writers.pcap"
WHERE = (ScopeKind.WORKSPACE, ScopeKind.SITE)


def the_world(make_person, name):
    """One plant with its workspace, and one of everything in it."""
    workspace, site = make_workspace(name), make_site(name.title())
    lead = make_person(
        cast.Person(f"lead@{name}.example", "Lead"), (Role.SOC_LEAD, ScopeKind.ALL, None)
    )
    ot = make_person(
        cast.Person(f"ot@{name}.example", "Olga"), (Role.OT_ENGINEER, ScopeKind.SITE, site.uuid)
    )
    incidents = [stored_incident(workspace, site_ids=[site.pk]) for _ in range(2)]
    device = make_device(site, f"PLC-{name}", "10.0.0.1")
    alert = make_alert(incidents[0], site=site, zone=device.zone, any_address=[device.address])
    given = give_verdict(
        by=ot, key=uuid.uuid4(), verdict="routine", cause="other", now=NOON,
        incident_ids=[incidents[1].pk],
    )  # fmt: skip
    asked = ask_ot(
        incident_ids=[incidents[0].pk], site_id=site.pk, question="Yours?", by=lead, now=NOON
    )
    here = {"ot": ot, "soc": lead, "workspace": workspace, "site": site}
    confirmed = SecondOpinion.objects.create(
        annotation=given, site=site, opened_at=NOON, state="confirmed", decided_at=NOON
    )
    put_to_ot = Opinion.objects.create(
        second_opinion=confirmed, person=ot, asked_at=NOON, due_at=NOON, act=uuid.uuid4(),
        state="passed", settled_at=NOON,
    )  # fmt: skip
    version = rule_rows.make_version("proposed", of=rules.downloads(), **here)
    version.evidence.set([given])
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
    assert read_a_capture(unshifted=NOON, now=NOON)
    module = make_lessons(1)
    (learned,) = make_answers(ot, module)
    ids = {
        "training/modules": module.slug, "training/results": learned.pk,
        "rules": version.rule.uuid, "ledger": line.pk, "deployments": wanted.pk,
        "patterns": make_candidate(workspace, site, plan_order=1, plan_gain=9, plan_share=1.0).uuid,
        "incidents": incidents[0].pk, "alerts": alert.pk, "reviews": asked.uuid,
        "annotations": given.uuid, "second-opinions": confirmed.uuid,
        "opinions": put_to_ot.uuid, "workspaces": name,
        "planned-work": make_planned_work(site, by=ot).uuid,
        "captures": capture.uuid,
        "sites": site.pk, "zones": site.zones.get().pk, "devices": device.pk,
    }  # fmt: skip
    return workspace, site, ids


def person_with(make_person, role, kind, workspace, site):
    scope = workspace.uuid if kind == ScopeKind.WORKSPACE else site.uuid
    return make_person(cast.SAM, (role, kind, scope))
