"""Cells of an invented plant, written as a person would tell them."""

from alerts.patterns.engine.cells import AlertCell, CellEnd, CellHour, CellKey, CellVerdict

MONDAY = 739_950  # an ordinal that is a Monday
POLLING = "Modbus Exception"
SCAN = "Port Scan Detected"


def device(name, kind="PLC", zone="Line 1", address="", **more):
    return CellEnd(name, address or f"10.0.0.{sum(map(ord, name)) % 250}", kind, zone, **more)


def outside(address):
    return CellEnd(address=address, kind="outside", is_outside=True)


def happened(days, hour=9, alerts=1, works=()):
    """Once on each of these days, counted from a Monday, at this hour of plant time (UTC+1)."""
    return [
        CellHour(
            MONDAY + day,
            day % 7 * 24 + hour,
            (day % 7 * 24 + hour - 1) % 168,
            alerts,
            frozenset(works),
        )
        for day in days
    ]


def cell(source, destination, alert_type=POLLING, *, days=range(20), hour=9, verdicts=(), **more):
    """A cell with an alert on each of these days. `verdicts`: words, each from another person."""
    occurrences = more.pop("occurrences", None) or happened(days, hour)
    slot, utc_slot = occurrences[0].slot, occurrences[0].utc_slot
    key = CellKey(
        "Gdańsk",
        alert_type,
        "",
        source,
        destination,
        more.pop("protocol", ""),
        more.pop("function", ""),
        sensor=more.pop("sensor", ""),
    )
    judged = [
        CellVerdict(
            f"{source.name}-{destination.name}-{alert_type}-{n}",
            verdict,
            "polling",
            f"person {n}",
            slot,
            utc_slot,
            occurrences[0].works,
        )
        for n, verdict in enumerate(verdicts)
    ]
    return AlertCell(key, more.pop("severity", 2), occurrences, judged, **more)
