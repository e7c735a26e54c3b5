"""The queries of the workbook in docs/, with its parameters filled in."""

import json
from pathlib import Path

WORKBOOK = Path(__file__).resolve().parents[2] / "docs" / "sentinel-workbook.json"


def parts():
    """Return the workbook."""
    return json.loads(WORKBOOK.read_text())


def queries():
    """Return the text of each query by the name of its part."""
    found = {}
    for item in parts()["items"]:
        if item["type"] == 3:
            found[item["name"]] = item["content"]["query"].replace("{LateHours}", "8")
    return found
