"""Who may do what where: every decision of the policies, for a grant of each role in each scope.

`tests/rights.toml` holds the roles and the scopes of a grant with which each act is allowed at a
place; "anywhere" where it is allowed although the grant is for another place.
A change of the file is a change of rights. To write it anew: `pytest --write-rights`.
"""

import re
import tomllib
from dataclasses import dataclass
from types import SimpleNamespace

import pytest

from alerts.automation import policies as automation
from alerts.automation.models import MadeRule, PlantConsent, Playbook
from alerts.automation.policies import rules as automation_rules
from alerts.captures.models import Capture
from alerts.captures.policies import may_open_captures_of, reasons_against_removing_capture
from alerts.dashboards import policies as dashboards
from alerts.incidents import policies as incidents
from alerts.incidents.models import Incident
from alerts.incidents.queries import incidents_visible_to, sites_in_reach
from alerts.intake import policies as intake
from alerts.outbox.models import Change
from alerts.outbox.policies import reasons_against_resolving
from alerts.patterns.models import Pattern
from alerts.patterns.policies import may_decide
from alerts.planned_work import policies as planned_work
from alerts.readiness import policies as readiness
from alerts.reviews import policies as reviews
from alerts.rules.guards.signing import SigningSide
from alerts.sentinel.models import Workspace
from alerts.sentinel.queries import workspaces_visible_to
from alerts.sentinel.services.status_sync import reasons_against_status_sync
from alerts.sites import policies as sites
from alerts.sites.models import Site
from alerts.suppression import policies as suppression
from alerts.suppression.models import Rule, RuleVersion
from alerts.suppression.queries import versions_visible_to
from portal.accounts.models import Grant, GrantScope, Organisation, Role, User
from portal.accounts.queries import scopes_of_use_to
from portal.accounts.rights import RIGHTS, SCOPES_OF_ROLE, roles_for
from portal.accounts.services.people import reasons_against_managing
from portal.audit.policies import may_read_record
from tests.architecture.tree import HOME, WINGS, tracked
from tests.conftest import NOON
from tests.factories.incidents import make_alert, make_incident, make_site, make_workspace
from training.catalog import policies as catalog
from training.progress import policies as progress

FILE = HOME / "tests/rights.toml"


@dataclass(frozen=True)
class Plant:
    """A workspace with an incident at a site, and what rooms keep about it."""

    organisation: Organisation
    workspace: Workspace
    site: Site
    incident: Incident
    version: RuleVersion

    def scope_uuid(self, scope):
        named = {
            GrantScope.ORGANISATION: self.organisation,
            GrantScope.WORKSPACE: self.workspace,
            GrantScope.SITE: self.site,
        }.get(scope)
        return named.uuid if named else None

    @property
    def suspicion(self):
        rows = SimpleNamespace(all=lambda: [self.incident])
        return SimpleNamespace(site=self.site, verdict=SimpleNamespace(incidents=rows))


def make_plant(name, *, by):
    organisation = Organisation.objects.create(name=name)
    workspace = make_workspace(name, organisation=organisation)
    site = make_site(name)
    incident = make_incident(workspace, site_ids=[site.pk])
    make_alert(incident, site=site)
    version = RuleVersion.objects.create(
        rule=Rule.objects.create(number=Rule.objects.count() + 1, made_at=NOON, made_by=by),
        number=1,
        title="Routine",
        body={},
        made_by=by,
        made_at=NOON,
        state_since=NOON,
        site_ids=[site.pk],
        workspace_ids=[workspace.pk],
    )
    return Plant(organisation, workspace, site, incident, version)


def _allows(reasons_against):
    """The act is allowed where there are no reasons against it."""
    return lambda user, plant: not reasons_against(user, plant)


def _lists(people_of):
    return lambda user, plant: user in people_of(plant)


ACTS = {
    "accounts.manage_people": _allows(lambda user, _: reasons_against_managing(user)),
    "audit.read": lambda user, _: may_read_record(user),
    "automation.consent": lambda user, plant: bool(
        automation.consent_kind(PlantConsent(incident=plant.incident), by=user)
    ),
    "automation.consent_for_ot": lambda user, plant: (
        automation.consent_kind(PlantConsent(incident=plant.incident), by=user) == "ot"
    ),
    "automation.make_rules": _allows(
        lambda user, plant: automation_rules.reasons_against_making_rules(plant.incident, by=user)
    ),
    "automation.remove_rule": _allows(
        lambda user, plant: automation_rules.reasons_against_removing_rule(
            MadeRule(workspace=plant.workspace), by=user
        )
    ),
    "automation.mark_as_acting": lambda user, plant: _marks(user, plant, acts_on_plant=True),
    "automation.mark_as_harmless": lambda user, plant: _marks(user, plant, acts_on_plant=False),
    "automation.read_again": _allows(
        lambda user, plant: automation.reasons_against_reading_again(plant.workspace, by=user)
    ),
    "automation.check_workflow": _allows(
        lambda user, plant: automation_rules.reasons_against_workflow_check(
            plant.workspace, None, by=user, now=NOON
        )
    ),
    "captures.open": lambda user, plant: may_open_captures_of(plant.incident, by=user),
    "captures.remove": _allows(
        lambda user, plant: reasons_against_removing_capture(
            Capture(incident=plant.incident, by=plant.version.made_by), by=user
        )
    ),
    "captures.remove_own": _allows(
        lambda user, plant: reasons_against_removing_capture(
            Capture(incident=plant.incident, by=user), by=user
        )
    ),
    "catalog.write": _allows(lambda user, _: catalog.reasons_against_writing(user)),
    "catalog.publish": _allows(lambda user, _: catalog.reasons_against_publishing(user)),
    "catalog.review": _allows(lambda user, _: catalog.reasons_against_reviewing(user)),
    "dashboards.analyse_history": _allows(
        lambda user, _: dashboards.reasons_against_history(by=user)
    ),
    "dashboards.home_of_ot": lambda user, _: "ot" in dashboards.sections_of(user),
    "dashboards.home_of_soc": lambda user, _: "soc" in dashboards.sections_of(user),
    "dashboards.home_numbers": lambda user, _: "numbers" in dashboards.sections_of(user),
    "dashboards.home_status": lambda user, _: "status" in dashboards.sections_of(user),
    "dashboards.details": lambda user, _: dashboards.can_see_details(user),
    "dashboards.details_of_all": lambda user, _: dashboards.can_see_everything(user),
    "incidents.read": lambda user, plant: plant.incident in incidents_visible_to(user),
    "incidents.read_sites": lambda user, plant: plant.site in sites_in_reach(user),
    "incidents.act": _allows(
        lambda user, plant: incidents.reasons_against_acting(plant.incident, by=user)
    ),
    "incidents.triage": lambda user, _: incidents.may_triage(user),
    "incidents.judge": lambda user, _: incidents.may_judge(user),
    "intake.push": _allows(lambda user, _: intake.reasons_against_push_settings(by=user)),
    "intake.view_past": lambda user, plant: intake.may_view_past(plant.workspace, user=user),
    "intake.read_past": _allows(
        lambda user, plant: intake.reasons_against_reading_past(plant.workspace, by=user)
    ),
    "outbox.resolve": _allows(
        lambda user, plant: reasons_against_resolving(Change(workspace=plant.workspace), by=user)
    ),
    "patterns.decide": lambda user, plant: may_decide(
        Pattern(workspace=plant.workspace, site=plant.site), by=user
    ),
    "planned_work.plan": lambda user, plant: planned_work.may_plan_at(plant.site, by=user),
    "planned_work.confirm": lambda user, plant: planned_work._may_be_second(plant.site, by=user),
    "progress.learn": _allows(lambda user, _: progress.reasons_against_learning(user)),
    "progress.read_notes": _allows(lambda user, _: progress.reasons_against_reading_notes(user)),
    "progress.totals_of_ot": lambda user, _: Role.OT_ENGINEER in progress.team_roles(user),
    "progress.totals_of_soc": lambda user, _: Role.SOC_ANALYST in progress.team_roles(user),
    "readiness.view": lambda user, plant: readiness.may_view(plant.workspace, user=user),
    "readiness.check": _allows(
        lambda user, plant: readiness.reasons_against_checking(plant.workspace, by=user)
    ),
    "readiness.set_up": _allows(
        lambda user, plant: readiness.reasons_against_setting_up(plant.workspace, by=user)
    ),
    "reviews.ask": lambda user, plant: reviews.works_in(user, plant.workspace),
    "reviews.answer": lambda user, plant: reviews.is_ot_for(user, plant.incident),
    "reviews.answer_at": lambda user, plant: reviews.is_ot_at(user, plant.site, plant.workspace),
    "reviews.is_asked": _lists(lambda plant: reviews.ot_people_at(plant.site, plant.workspace)),
    "reviews.leads_ot": _lists(lambda plant: reviews.ot_leads_at(plant.site, plant.workspace)),
    "reviews.leads": _lists(lambda plant: reviews.leads_of(plant.site, plant.workspace)),
    "reviews.decides_as_ot": lambda user, plant: reviews.leads_as(plant.suspicion, by=user) == "ot",
    "reviews.decides_as_soc": lambda user, plant: (
        reviews.leads_as(plant.suspicion, by=user) == "soc"
    ),
    "sentinel.see_workspace": lambda user, plant: plant.workspace in workspaces_visible_to(user),
    "sentinel.note_status_sync": _allows(lambda user, _: reasons_against_status_sync(by=user)),
    "sites.describe": _allows(
        lambda user, plant: sites.reasons_against_describing(user, plant.site)
    ),
    "sites.describes": lambda user, plant: sites.can_describe(user, plant.site),
    "sites.set": _allows(lambda user, plant: sites.reasons_against_setting_site(user, plant.site)),
    "sites.add": _allows(lambda user, _: sites.reasons_against_setting_site(user, None)),
    "suppression.read": lambda user, plant: plant.version in versions_visible_to(user),
    "suppression.propose": lambda user, plant: suppression.may_change(user, plant.version),
    "suppression.sign_for_ot": lambda user, plant: (
        SigningSide.OT in suppression.rights_to_sign(user, plant.version)
    ),
    "suppression.sign_for_soc": lambda user, plant: (
        SigningSide.SOC in suppression.rights_to_sign(user, plant.version)
    ),
    "suppression.stop": lambda user, plant: suppression.may_change(
        user, plant.version, suppression.STOPPING
    ),
    "suppression.switch_off": _allows(
        lambda user, _: suppression.reasons_against_switching_off(user)
    ),
    "suppression.switch_on": _allows(
        lambda user, plant: suppression.reasons_against_switching_on(user, plant.workspace)
    ),
    "suppression.switch_on_everywhere": _allows(
        lambda user, _: suppression.reasons_against_switching_on(user, None)
    ),
    "token.of_use": lambda user, _: bool(scopes_of_use_to(user)),
}


def _marks(user, plant, *, acts_on_plant):
    """Reasons that are about the person come first, and alone."""
    playbook = Playbook(workspace=plant.workspace)
    reasons = automation.reasons_against_marking(
        playbook, acts_on_plant=acts_on_plant, reason="Tried.", by=user, now=NOON
    )
    return not any(reason.startswith("Only ") for reason in reasons)


def decisions():
    """Return for each act the grants that allow it, as in the file."""
    maker = User.objects.create_user("maker@demo.example", "Maker")
    here, there = make_plant("here", by=maker), make_plant("there", by=maker)
    found: dict[str, dict[str, str]] = {act: {} for act in ACTS}
    for role in Role:
        users = {}
        for scope in (scope for scope in GrantScope if scope in SCOPES_OF_ROLE[role]):
            user = User.objects.create_user(f"{role}-{scope}@demo.example", f"{role} {scope}")
            place = {"scope": scope, "scope_uuid": here.scope_uuid(scope)}
            Grant.objects.create(user=user, role=role, granted_at=NOON, **place)
            users[scope] = user
        for act, is_allowed in ACTS.items():
            allowed = [scope for scope, user in users.items() if is_allowed(user, here)]
            partial = [scope for scope in allowed if scope != GrantScope.ALL]
            elsewhere = [scope for scope in users if scope != GrantScope.ALL]
            elsewhere = [scope for scope in elsewhere if is_allowed(users[scope], there)]
            assert elsewhere in ([], partial), f"{act} of {role}"
            if allowed:
                found[act][role.value] = "anywhere" if elsewhere else " ".join(allowed)
    return found


def _as_toml(found):
    blocks = (
        "\n".join([f'["{act}"]', *(f'{role} = "{scopes}"' for role, scopes in rows.items())])
        for act, rows in found.items()
    )
    return "\n\n".join(blocks) + "\n"


@pytest.mark.django_db
def test_every_act_is_allowed_to_the_roles_and_in_the_scopes_of_the_file(request):
    found = decisions()
    if request.config.getoption("--write-rights"):
        FILE.write_text(_as_toml(found))
    assert found == tomllib.loads(FILE.read_text())


# Where roles are defined, and given names; the command that an empty page suggests grants one.
NAMES_ROLES = {
    "portal/accounts/labels.py",
    "portal/accounts/rights.py",
    "portal/ui/access.py",
}


def test_roles_are_named_in_the_table_alone():
    naming = {
        path.as_posix()
        for path in tracked()
        if path.suffix == ".py" and path.parts[0] in WINGS and "migrations" not in path.parts
        if re.search(r"\bRole\.[A-Z]", (HOME / path).read_text())
    }
    assert {file for file in naming if not file.startswith("alerts/demo/")} == NAMES_ROLES


def test_every_act_of_the_table_is_asked_for_and_every_act_that_is_asked_for_is_there():
    texts = [
        (HOME / path).read_text()
        for path in tracked()
        if path.suffix == ".py" and path.parts[0] in WINGS
    ]
    asked = {act for text in texts for act in re.findall(r'roles_for\(\s*"([^"]+)"', text)}
    derived = {act for act in RIGHTS if act.partition(".")[0] in ("scope", "token")}
    assert asked | derived == RIGHTS.keys()
    with pytest.raises(KeyError):
        roles_for("incidents.raed")
