"""A workspace whose Azure is in memory, and looking at it."""

import pytest

from alerts.readiness.queries.readings import checks_of
from alerts.readiness.services.check_workspace import check_workspace
from alerts.readiness.wording import check_name
from tests.alerts.readiness import azure
from tests.conftest import NOON
from tests.factories.incidents import make_workspace
from tests.memory_sentinel import MemorySentinel


@pytest.fixture
def workspace(db, noon):
    return make_workspace(
        subscription_id=azure.SUBSCRIPTION, resource_group="rg-soc", workspace_name="ws-ot"
    )


@pytest.fixture
def sentinel():
    """Azure, where everything is as it should be."""
    client = MemorySentinel(prerequisites=azure.answers())
    client.put_automation_rule("enrich", azure.playbook_rule())
    client.calls.clear()
    return client


@pytest.fixture
def look_now(workspace, sentinel):
    """`look_now()` looks with every identity, and gives the checks by name."""

    def look_and_judge(now=NOON):
        for purpose in ("read", "incidents", "rules"):
            check_workspace(workspace, purpose=purpose, now=now, connect=lambda *_: sentinel)
        return checks_by_name(workspace, now)

    return look_and_judge


def checks_by_name(workspace, now=NOON):
    return {check_name(check): check for check in checks_of(workspace, now=now)}
