"""The pages of workspaces hold the design's bars at a desk and on a phone, light and dark."""

from datetime import date

import pytest

from alerts.intake.models import OutsideCount
from alerts.sentinel.client.prerequisites import Prerequisite
from alerts.sentinel.wire.values import OutsideReason
from tests.bars import bar_faults_everywhere

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize(
    "path",
    [
        "/workspaces/",
        "/workspaces/gdansk/",
        "/workspaces/gdansk/collected/",
        "/workspaces/gdansk/move/",
    ],
)
def test_a_page_holds_the_bars(browse, ada, look_now, sentinel, workspace, path):
    sentinel.lay_out(Prerequisite.CONNECTORS, [])
    look_now()
    for number, reason in enumerate(OutsideReason):
        OutsideCount.objects.create(
            workspace=workspace,
            counted_by="all",
            month=date(2026, 11 - number, 1),
            reason=reason,
            products="Another product, Microsoft Defender for Office 365, Microsoft Entra ID",
            n=10**number,
        )
    assert bar_faults_everywhere(browse(path, as_=ada)) == []
