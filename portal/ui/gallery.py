"""Sample data of the gallery page: invented names, every state."""

from datetime import datetime, timedelta
from types import SimpleNamespace

from django import forms

from portal.ui.palette import Result, ResultGroup, SearchResults
from portal.ui.pieces import (
    ChartPoint,
    Choice,
    FlowNode,
    LinePoint,
    ProgressStep,
    ScorePart,
    Tab,
)

FINDINGS = SearchResults(
    "plc-pl2",
    (
        ResultGroup(
            "acts",
            "Selected: #4821 PLC program download ×3",
            (
                Result("Ask OT…", "#ask", "message-square-reply", key="R", how="dialog"),
                Result("Close…", "#close", "circle-check", key="E", how="dialog"),
            ),
        ),
        ResultGroup(
            "incidents",
            "Incidents",
            (
                Result(
                    "#4821 PLC program download outside change window ×3",
                    "#4821",
                    "inbox",
                    detail="New · High · ENG-WS-04 → PLC-PL2-07 · Gdańsk, Packaging 2",
                ),
                Result("All incidents that match “plc-pl2”", "#queue", "filter"),
            ),
        ),
        ResultGroup(
            "devices",
            "Devices",
            (
                Result(
                    "PLC-PL2-07", "#device", "cpu", detail="PLC · 10.41.7.27 · Gdańsk, Packaging 2"
                ),
            ),
        ),
    ),
    (),
    is_complete=True,
    hints=("an incident by its number", "a device by its name or address"),
)


class SampleForm(forms.Form):
    """One field of each kind the kit draws."""

    order = forms.CharField(label="Work order", required=False, help_text="As on the permit.")
    note = forms.CharField(label="Note for the SOC", widget=forms.Textarea(attrs={"rows": 2}))
    zone = forms.ChoiceField(label="Zone", choices=[("p1", "Packaging 1"), ("p2", "Packaging 2")])


def everything(now: datetime) -> dict[str, object]:
    """All that the sample pages show."""
    return {
        "rows": rows(now),
        "tabs": TABS,
        "few_tabs": TABS[:3],
        "choices": [
            Choice("recipe", "Recipe change"),
            Choice("repair", "Fault repair"),
            Choice("vendor", "Vendor visit", icon="user"),
            Choice("other", "Other"),
        ],
        "steps": [
            ProgressStep("Reached", "done"),
            ProgressStep("Readable", "failed"),
            ProgressStep("Writable", "current"),
            ProgressStep("Connector seen"),
        ],
        "parts": [
            ScorePart(44, "Controller logic was replaced (Program Download, T0843)"),
            ScorePart(33, "PLC-PL2-07 is marked critical: the line stops if it is lost"),
            ScorePart(24, "No open work order covers Packaging 2 now"),
            ScorePart(-9, "ENG-WS-04 is a known engineering station"),
        ],
        "source": FlowNode("ENG-WS-04", ("Engineering workstation", "10.41.3.14 · Level 3")),
        "target": FlowNode("PLC-PL2-07", ("Siemens S7-1500 · critical", "10.41.7.27"), True),
        "ends": (
            FlowNode("SCADA-PO-02", ("SCADA server", "10.30.10.16 · Level 3")),
            FlowNode("198.51.100.23", ("Outside the plant",)),
        ),
        "short_source": FlowNode("ENG-WS-04", ("Engineering station",)),
        "short_target": FlowNode("PLC-PL2-07", ("Carton erector",), True),
        "facts": [
            ("Function", "Carton erector control"),
            ("If lost", "Packaging line 2 stops"),
            ("Owner", "Packaging crew, shift B"),
        ],
        "planned": [
            (False, "No work order open for this line"),
            (False, "Outside the usual Tue 06–08 window"),
            (True, "Same pair did this 38 times in 90 days"),
            (None, "User on the station unknown"),
        ],
        "points": [
            ChartPoint(f"week {n}", value, hot=value > 5)
            for n, value in enumerate((3, 3, 2, 3, 4, 3, 3, 3, 1, 3, 3, 3, 6), start=36)
        ],
        "line": [
            LinePoint(f"week {n}", value, str(value), "" if value else "not read from Sentinel")
            for n, value in enumerate((31, 28, 33, 30, 24, None, None, 19, 17, 12, 9, 11), start=37)
        ],
        "found": FINDINGS,
        "found_nothing": SearchResults("plc-77", (), (), is_complete=True, hints=FINDINGS.hints),
        "found_part": SearchResults(
            "sev:hgh",
            (),
            ["“hgh” means nothing here; possible: high, medium, low."],
            is_complete=False,
        ),
        "verdicts": {"maintenance": 9, "routine": 2, "suspicious": 1},
        "form": SampleForm(),
        "bad_form": SampleForm({"order": "WO-21044", "zone": "p2"}),
        "moments": SimpleNamespace(
            now=now - timedelta(seconds=20),
            minutes=now - timedelta(minutes=6),
            hours=now - timedelta(hours=5, minutes=12),
            days=now - timedelta(days=12),
            year=now - timedelta(days=400),
        ),
        "due": SimpleNamespace(
            start=now - timedelta(hours=4),
            far=now + timedelta(hours=2, minutes=10),
            soon=now + timedelta(minutes=41),
            late=now - timedelta(minutes=12),
        ),
    }


TABS = [
    Tab("Needs triage", "?view=triage", 23, current=True),
    Tab("Waiting for OT", "?view=waiting", 11),
    Tab("SLA at risk", "?view=risk", 3, hot=True),
    Tab("Mine", "?view=mine", 4),
    Tab("All open", "?view=all", 58),
]
_ROWS = (
    (
        (92, "PLC program download outside change window", 3, "High"),
        ("ENG-WS-04", "PLC-PL2-07", "Gdańsk, Packaging 2 · S7comm · T0843"),
        ("Waiting for OT", "ot", "message-square-reply"),
        (41, "Anna Kowalska", "soc"),
    ),
    (
        (88, "Suspected malicious activity: engineering share enumeration", 1, "High"),
        ("HIST-02", "FS-OT-01", "Lyon, DMZ · SMB · T0846"),
        ("Suspicious", "high", "flag"),
        (18, "Marie Dubois", "soc"),
    ),
    (
        (74, "PLC operating mode changed to STOP", 2, "High"),
        ("HMI-BL-11", "PLC-BL-02", "Rotterdam, Blending · EtherNet/IP · T0858"),
        ("Maintenance", "maint", "calendar-clock"),
        (None, "", "soc"),
    ),
    (
        (66, "Function code not seen before (Modbus 0x5A)", 14, "Medium"),
        ("GW-MOD-03", "RTU-PMP-19", "Lyon, Pumping · Modbus/TCP"),
        ("Waiting for OT", "ot", "message-square-reply"),
        (130, "", "soc"),
    ),
    (
        (51, "New device on a Level 1 subnet", 1, "Medium"),
        ("10.41.7.188", "unknown", "Gdańsk, Packaging 2 · ARP"),
        ("Not asked", "", "circle-dot"),
        (-12, "Piotr Wójcik", "ot"),
    ),
    (
        (37, "Address scan inside the control zone", 26, "Medium"),
        ("SCAN-NESSUS", "48 devices", "Rotterdam, Tank farm · ICMP"),
        ("Routine 11 of 12", "ok", "repeat"),
        (None, "", "soc"),
    ),
    (
        (22, "Engineering workstation logged on after hours", 9, "Low"),
        ("ENG-WS-01", "PLC-BL-01", "Rotterdam, Blending · S7comm"),
        ("Routine", "ok", "repeat"),
        (None, "Jan Lis", "soc"),
    ),
    (
        (15, "Backup job moved to new host", 7, "Informational"),
        ("BKP-OT-01", "BKP-OT-02", "Rotterdam, DMZ · SMB"),
        ("Routine", "ok", "repeat"),
        (None, "", "soc"),
    ),
)


def rows(now: datetime) -> list[SimpleNamespace]:
    """The lines of the sample list."""
    made = []
    for about, ends, context, (minutes, owner, team) in _ROWS:
        names = ("priority", "title", "times", "severity", "source", "target", "rest")
        made.append(
            SimpleNamespace(
                **dict(zip(names, about + ends, strict=True)),
                context=context,
                due=now + timedelta(minutes=minutes) if minutes else None,
                start=now - timedelta(hours=3),
                owner=owner,
                team=team,
            )
        )
    return made
