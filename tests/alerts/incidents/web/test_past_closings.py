"""*Similar* counts how the others of the pattern were closed; each number opens just those."""

import html
import re
from datetime import timedelta

import pytest

from alerts.incidents.ingest.groups import regroup
from alerts.incidents.models import Incident, IncidentStatus
from tests.conftest import NOON
from tests.factories.incidents import make_alert, make_incident


@pytest.fixture
def closed_before(download, gdansk, plant):
    """Two true positives, three undetermined, one benign, one open, one merged; and an old one."""
    kinds = ["TruePositive"] * 2 + ["Undetermined"] * 3 + ["BenignPositive"]
    for number, kind in enumerate([*kinds, "", "FalsePositive", "BenignPositive"], 100):
        other = make_incident(
            gdansk,
            number=number,
            pattern=download.pattern,
            site_ids=[plant.pk],
            status=IncidentStatus.CLOSED if kind else IncidentStatus.NEW,
            classification=kind,
            closed_at=NOON if kind else None,
            merged_into=1 if kind == "FalsePositive" else None,
            created_at=NOON - timedelta(days=number - 99 if number < 108 else 91),
        )
        make_alert(other, any_device=["ENG-WS-04", "PLC-7"])
    Incident.objects.filter(pk=download.pk).update(
        status=IncidentStatus.CLOSED, classification="TruePositive", closed_at=NOON
    )
    regroup(list(Incident.objects.values_list("pk", flat=True)), now=NOON)


@pytest.mark.usefixtures("closed_before")
@pytest.mark.parametrize("tab", ["similar", "overview"])
def test_the_numbers_add_up_and_lead_to_their_incidents(signed_in, sam, download, tab, noon):
    client = signed_in(sam)
    page = client.get(f"/incidents/{download.pk}/?tab={tab}").content.decode()
    part = page[page.index("How the 8 others of this pattern in 90 days were closed") :]
    entry = r"</span>(?:<a class=\"link-alone\" href=\"([^\"]+)\">)?([^<]+)"
    legend = re.findall(entry, part[: part.index("</ul>")])
    assert [words for _, words in legend] == [
        "2 true positives",
        "3 undetermined",
        "0 false positives",
        "1 benign positive",
        "1 still open",
        "1 deleted, merged or unclassified",
    ]
    for address, words in legend[:-1]:
        listed = client.get(html.unescape(address), headers={"hx-request": "true"})
        assert len(re.findall(r'class="[^"]*grid-title', listed.content.decode())) == int(words[0])
