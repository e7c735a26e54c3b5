"""A plant with history, its people, and rules about its routine."""

from types import SimpleNamespace

import pytest

from portal.accounts.models import Role, ScopeKind
from tests import cast
from tests.conftest import NOON
from tests.factories import rules
from tests.factories.incidents import make_site, make_workspace


@pytest.fixture
def workspace(db):
    return make_workspace()


@pytest.fixture
def site(db):
    return make_site()


@pytest.fixture
def people(make_person, site, workspace):
    """Oda and Olaf speak for OT at the site, Sam and Leo work in the workspace's SOC."""
    at_site = (ScopeKind.SITE, site.uuid)
    in_soc = (ScopeKind.WORKSPACE, workspace.uuid)
    return SimpleNamespace(
        oda=make_person(cast.ODA, (Role.OT_ENGINEER, *at_site)),
        olaf=make_person(cast.OLAF, (Role.OT_SITE_LEAD, *at_site)),
        sam=make_person(cast.SAM, (Role.SOC_ANALYST, *in_soc)),
        leo=make_person(cast.LEO, (Role.SOC_LEAD, *in_soc)),
        mia=make_person(cast.MIA, (Role.MANAGER, ScopeKind.ALL, None)),
        ada=make_person(cast.ADA, (Role.ADMINISTRATOR, ScopeKind.ALL, None)),
    )


@pytest.fixture
def history(workspace, site, people):
    """Twelve Tuesdays of downloads, nine of them judged routine by two people, and other noise."""
    weeks = rules.routine(workspace, site)
    rules.noise(workspace, site)
    verdicts = rules.judge(weeks[:5], by=people.oda) + rules.judge(weeks[5:9], by=people.olaf)
    return SimpleNamespace(incidents=weeks, verdicts=verdicts)


@pytest.fixture
def draft(people, history):
    """Oda's draft about the downloads."""
    return rules.draft(rules.downloads(), by=people.oda, evidence=history.verdicts, now=NOON)


@pytest.fixture
def proposal(draft, people):
    """Proposed by Oda, who so signed for OT."""
    return rules.propose(draft, by=people.oda, now=NOON)


@pytest.fixture
def canary(proposal, people):
    """Signed by Leo as well."""
    return rules.sign(proposal, by=people.leo, now=NOON)
