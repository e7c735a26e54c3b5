"""A plant with history, its people, and rules about its routine."""

from types import SimpleNamespace

from portal.accounts.models import GrantScope, Role
from tests import cast
from tests.conftest import NOON, add_person
from tests.factories import rules
from tests.factories.incidents import make_site, make_workspace
from tests.reuse import reuse_rows


@reuse_rows
def workspace(db):
    return make_workspace()


@reuse_rows
def site(db):
    return make_site()


@reuse_rows
def people(site, workspace):
    """Oda and Olaf speak for OT at the site, Sam and Leo work in the workspace's SOC."""
    at_site = (GrantScope.SITE, site.uuid)
    in_soc = (GrantScope.WORKSPACE, workspace.uuid)
    return SimpleNamespace(
        oda=add_person(cast.ODA, (Role.OT_ENGINEER, *at_site)),
        olaf=add_person(cast.OLAF, (Role.OT_SITE_LEAD, *at_site)),
        sam=add_person(cast.SAM, (Role.SOC_ANALYST, *in_soc)),
        leo=add_person(cast.LEO, (Role.SOC_LEAD, *in_soc)),
        mia=add_person(cast.MIA, (Role.MANAGER, GrantScope.ALL, None)),
        ada=add_person(cast.ADA, (Role.ADMINISTRATOR, GrantScope.ALL, None)),
    )


@reuse_rows
def history(workspace, site, people):
    """Twelve Tuesdays of downloads, nine of them judged routine by two people, and other noise."""
    weeks = rules.routine(workspace, site)
    rules.noise(workspace, site)
    verdicts = rules.judge(weeks[:5], by=people.oda) + rules.judge(weeks[5:9], by=people.olaf)
    return SimpleNamespace(incidents=weeks, verdicts=verdicts)


@reuse_rows
def draft(people, history):
    """Oda's draft about the downloads."""
    return rules.draft(rules.downloads(), by=people.oda, evidence=history.verdicts, now=NOON)


@reuse_rows
def proposal(draft, people):
    """Proposed by Oda, who so signed for OT."""
    return rules.propose(draft, by=people.oda, now=NOON)


@reuse_rows
def canary(proposal, people):
    """Signed by Leo as well."""
    return rules.sign(proposal, by=people.leo, now=NOON)
