"""Exact pairs that people decided about become patterns; the open ones go and are mined anew.

A worker of the day before fails its mining until it is replaced; the job's row tries again.
"""

from django.db import migrations

MEDIUM, HIGH = 3, 4


def convert(apps, schema_editor):
    rows = apps.get_model("patterns", "Candidate").objects
    rows.filter(state="open").delete()
    for row in rows.select_related("site").iterator():
        row.alert_types = [row.alert_type]
        row.title = _title(row)
        row.pattern = _pattern(row)
        row.search_text = " ".join(
            filter(
                None,
                [
                    row.alert_type,
                    row.own_title,
                    *_names(row, "source"),
                    *_names(row, "destination"),
                ],
            )
        )
        row.type_figures = [
            {
                "title": row.alert_type,
                "own_title": row.own_title,
                "alerts": row.alerts,
                "judged": row.routine + row.maintenance,
            }
        ]
        row.obstacles = row.cannot if row.site_id else [["wide.place", {}]]
        row.save()


def _pattern(row):
    hours = None
    if row.window_start is not None and row.window_end is not None:
        hours = {
            "weekdays": list(row.window_days),
            "start": row.window_start,
            "length": row.window_end - row.window_start,
            "is_utc": False,
        }
    return {
        "version": 1,
        "site": row.site.name if row.site else "",
        "types": [{"title": row.alert_type, "own_title": row.own_title}],
        "source": _side(row, "source"),
        "destination": _side(row, "destination"),
        "is_directed": bool(row.source_device or row.source_address),
        "is_strict": row.severity >= HIGH,
        "protocols": [],
        "functions": [],
        "hours": hours,
        "planned_work": "",
        "exceptions": [],
        "except_sources": [],
        "severity": max(row.severity, MEDIUM),
    }


def _side(row, name):
    members = _names(row, name)
    devices = {row.source_device, row.destination_device, *row.devices}
    return {
        "rung": "listed" if members else "none",
        "by_address": bool(members) and members[0] not in devices,
        "known": 0,
        "members": members,
        "kinds": [],
        "zones": [],
        "networks": [],
    }


def _names(row, name):
    """Source and destination; without direction, the first two that the alerts name."""
    source = row.source_device or row.source_address
    destination = row.destination_device or row.destination_address
    if source or destination:
        pair = [source, destination] if source else [destination, ""]
    else:
        pair = [*(row.devices or row.addresses)[:2], "", ""][:2]
    found = pair[0 if name == "source" else 1]
    return [found] if found else []


def _title(row):
    ends = " to ".join(_names(row, "source") + _names(row, "destination"))
    return (f"{row.alert_type}: {ends}" if ends else row.alert_type)[:200]


class Migration(migrations.Migration):
    dependencies = [("patterns", "0003_patterns_of_processes")]

    operations = [migrations.RunPython(convert, migrations.RunPython.noop)]
