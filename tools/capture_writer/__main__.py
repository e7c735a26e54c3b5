"""`python -m tools.capture_writer FOLDER`: write the captures and the list of them."""

import hashlib
import sys
from pathlib import Path
from typing import Any

import yaml

from tools.capture_writer.scenario import Scenario
from tools.capture_writer.scenarios import SCENARIOS
from tools.capture_writer.tape import write_file
from training.pcap.summary import summarize

_COUNTS = ("writes", "downloads", "stops", "starts")


def write_all(folder: Path) -> list[dict[str, Any]]:
    """Write every capture and `captures.yaml`; return the list."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = [_write(build(), folder) for build in SCENARIOS]
    head = "# Written by `python -m tools.capture_writer`; change the scenarios there, not here.\n"
    text = yaml.safe_dump(rows, sort_keys=False, allow_unicode=True, width=100)
    write_file(folder / "captures.yaml", head + text)
    return rows


def _write(scenario: Scenario, folder: Path) -> dict[str, Any]:
    path, content = folder / f"{scenario.name}.pcap", scenario.content()
    write_file(path, content)
    summary = summarize(path)
    rows = summary.conversations.values()
    return {
        "file": path.name,
        "sha256": hashlib.sha256(content).hexdigest(),
        "title": scenario.title,
        "description": scenario.text,
        "odd": scenario.odd,
        "protocols": list(scenario.protocols),
        "frames": summary.packets,
        "began": f"{summary.as_json()['started_at']:%Y-%m-%dT%H:%M:%SZ}",
        "site": "Gdańsk",
        "time_zone": "Europe/Warsaw",
        "devices": [
            {"name": host.name, "ip": host.ip, "mac": host.mac, "in_inventory": host.is_of_plant}
            for host in scenario.hosts
        ],
        "key_frames": dict(
            sorted(scenario.tape.marked_numbers().items(), key=lambda item: item[1])
        ),
        "counts": {name: sum(getattr(row, name) for row in rows) for name in _COUNTS},
    }


if __name__ == "__main__":
    write_all(Path(sys.argv[1]))
