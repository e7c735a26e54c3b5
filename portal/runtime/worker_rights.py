"""What each worker, and beat, may do in the database: one table, as `portal/schedule.py` is.

A worker writes what is named here and nothing else, and reads everything but PRIVATE, or only what
is named. Tests run whatever tasks call with exactly these rights (`tests/worker_roles.py`):
"permission denied" there asks for a line here, or for another condition on its rows. Take a right
away one version after it was last needed, because workers of the version before still run while
`migrate` does.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from portal.runtime.worker_row_conditions import (
    ASKED_ABOUT,
    ASKED_BY_NIGHT,
    CARRIED_OUT,
    CHANGES_OF_PEOPLE,
    CHANGES_OF_RULES,
    CHECK_GOES_ON,
    DESIRED_BY_DEPLOYMENTS,
    DESIRED_BY_WATCH,
    FOUND_ABLE,
    FOUND_BY_INTAKE,
    JOINED,
    LIST_ENDS,
    MOVED_BY_DEPLOYMENTS,
    MOVED_BY_WATCH,
    NEW_DESIRED,
    RECORDED_BY_A_WORKER,
    RUNS_FOUND_IN_AZURE,
    SHOWN_AS_PENDING,
    WAITS_ON,
    WORKED_OUT,
    WORKED_OUT_AHEAD,
)

ADD = "INSERT"
CHANGE = "UPDATE"  # also what a row lock (FOR UPDATE) needs
REMOVE = "DELETE"
PUT = f"{ADD}, {CHANGE}"
KEEP = f"{ADD}, {CHANGE}, {REMOVE}"

# Read by nobody but web, unless named below: with these one could act as somebody else.
PRIVATE = frozenset(
    {
        "accounts_apitoken",
        "accounts_failuresofanhour",
        "accounts_session",
        "accounts_signinfailure",
        "api_answer",
        "api_usage",
        "audit_head",
        "captures_capturepart",
        "exports_exportpart",
        "intake_pushaccess",
    }
)


@dataclass(frozen=True, slots=True)
class WorkerRights:
    """The tables that one worker writes, each with how, and reads (None: all but PRIVATE). `rows`
    states what a row that it adds (NEW) must be, `changes` what it may make of one that is there
    (OLD), where rights by table are too wide.
    """

    writes: Mapping[str, str] = field(default_factory=dict)
    rows: Mapping[str, str] = field(default_factory=dict)
    changes: Mapping[str, str] = field(default_factory=dict)
    reads: frozenset[str] | None = None


# Signs of life, and leases of work that is no row of its own.
_ALIVE = {"jobs_job": PUT, "jobs_workerinstance": KEEP}
_RECORD = {"audit_entry": ADD}
# An incident changes, with its group in the queue and its timeline.
_INCIDENTS = {
    "incidents_incident": CHANGE,
    "incidents_group": KEEP,
    "incidents_timelineitem": ADD,
}
_INBOX = {"notifications_mail": ADD, "notifications_notification": ADD}
# Where a notification takes up more of its kind
_GATHERING_INBOX = {"notifications_mail": PUT, "notifications_notification": PUT}
_REACH = {"sentinel_apiversion": PUT, "sentinel_reachability": PUT, "jobs_circuitbreaker": PUT}
_READINESS = {"readiness_finding": PUT}
_BY_ALL = {"attack_release", "django_migrations", "jobs_clockoffset"}  # read

WORKERS: Mapping[str, WorkerRights] = {
    # Takes in what Sentinel says, which strangers may have written. Knows neither people nor rules.
    "intake": WorkerRights(
        writes={
            **_ALIVE,
            **_RECORD,
            **_INCIDENTS,
            **_REACH,
            **_READINESS,
            "incidents_alert": PUT,
            "incidents_alertraw": PUT,
            "incidents_comment": PUT,
            "incidents_entity": KEEP,
            "incidents_incident": PUT,
            "incidents_incidentcloser": PUT,
            "incidents_incidentalert": PUT,
            "incidents_incidentraw": PUT,
            "incidents_incidenttask": KEEP,
            "incidents_taskreading": CHANGE,
            "incidents_pairmemory": PUT,
            "incidents_patternmemory": PUT,
            "incidents_plannedalert": PUT,
            "intake_cursor": PUT,
            "intake_logbackfill": PUT,
            "intake_missing": KEEP,
            "intake_outsidecount": KEEP,
            "intake_oversizedincident": KEEP,
            "intake_quarantined": KEEP,
            "intake_run": KEEP,
            "intake_signingkeys": CHANGE,
            "sentinel_defenderincident": KEEP,
            "sentinel_freshness": PUT,
            "sentinel_portalresidence": PUT,
            "sentinel_workspace": CHANGE,  # what it was found to be able to do
            "sites_device": PUT,
            "sites_sensor": ADD,
            "sites_site": ADD,
            "sites_zone": ADD,
        },
        reads=frozenset(
            {
                *_BY_ALL,
                "backup_restore",
                "intake_pushstate",
                "outbox_change",
                "planned_work_nameddevice",
                "planned_work_occurrence",
                "planned_work_plannedwork",
                "planned_work_revision",
                "planned_work_workconfirmation",
                "sentinel_apiversion",
                "sentinel_workspace",
                "sentinel_workspacecredential",
                "sites_devices",
                "sites_sites",
                "sites_zones",
                "incidents_alerts",
            }
        ),
        rows=RECORDED_BY_A_WORKER,
        changes={"sentinel_workspace": FOUND_BY_INTAKE},
    ),
    # Writes incidents and comments in Sentinel, and takes over what it answers.
    "outbox": WorkerRights(
        writes={
            **_ALIVE,
            **_RECORD,
            **_INCIDENTS,
            **_INBOX,
            **_REACH,
            **_READINESS,
            "automation_inventory": CHANGE,
            "incidents_comment": f"{ADD}, {REMOVE}",
            "incidents_incidentraw": CHANGE,
            "incidents_incidenttask": KEEP,
            "outbox_change": CHANGE,
            "sentinel_defenderincident": CHANGE,
            "suppression_ledgerentry": CHANGE,
        },
        rows=RECORDED_BY_A_WORKER,
    ),
    # Acts by rules that people have signed, and brings them into Sentinel; stops them, signs none.
    "deployments": WorkerRights(
        writes={
            **_ALIVE,
            **_RECORD,
            **_INCIDENTS,
            **_GATHERING_INBOX,
            **_REACH,
            **_READINESS,
            "automation_foundrule": KEEP,
            "automation_inventory": PUT,
            "automation_playbook": PUT,
            "automation_playbookrun": KEEP,
            "automation_workflowcheck": CHANGE,
            "incidents_comment": ADD,
            "outbox_change": ADD,
            "outbox_wantedrule": PUT,
            "readiness_setupstep": CHANGE,
            "sentinel_workspace": CHANGE,
            "suppression_braketrip": PUT,
            "suppression_heldincident": KEEP,
            "suppression_ledgerentry": PUT,
            "suppression_newmember": ADD,
            "suppression_ruleversion": CHANGE,
            "suppression_step": ADD,
            "suppression_stop": ADD,
            "suppression_watchlistperiod": PUT,
            "suppression_watchlistrequest": CHANGE,
        },
        rows={
            **RECORDED_BY_A_WORKER,
            "automation_playbookrun": RUNS_FOUND_IN_AZURE,
            "incidents_comment": SHOWN_AS_PENDING,
            "outbox_change": CHANGES_OF_RULES,
            "outbox_wantedrule": NEW_DESIRED,
        },
        changes={
            "automation_workflowcheck": CHECK_GOES_ON,
            "notifications_mail": WAITS_ON,
            "notifications_notification": JOINED,
            "outbox_wantedrule": DESIRED_BY_DEPLOYMENTS,
            "sentinel_workspace": FOUND_ABLE,
            "suppression_ruleversion": MOVED_BY_DEPLOYMENTS,
            "suppression_watchlistrequest": LIST_ENDS,
        },
    ),
    # Speaks to a mail server.
    "notify": WorkerRights(
        writes={**_ALIVE, "jobs_circuitbreaker": PUT, "notifications_mail": CHANGE},
        reads=frozenset(
            {*_BY_ALL, "accounts_user", "backup_restore", "notifications_notification"}
        ),
    ),
    # Acts on many incidents, second opinions, patterns, watch over rules, housekeeping.
    "bulk": WorkerRights(
        writes={
            **_ALIVE,
            **_RECORD,
            **_INCIDENTS,
            "accounts_failuresofanhour": f"{CHANGE}, {REMOVE}",
            "accounts_session": REMOVE,
            "api_answer": REMOVE,
            "api_usage": REMOVE,
            "dashboards_historyreport": CHANGE,
            "exports_export": f"{CHANGE}, {REMOVE}",
            "exports_exportpart": f"{ADD}, {REMOVE}",
            "incidents_alert": CHANGE,
            "incidents_bulkact": CHANGE,
            "incidents_comment": ADD,
            "incidents_patternmemory": PUT,
            "incidents_skipped": ADD,
            "notifications_mail": KEEP,
            "notifications_notification": KEEP,
            "outbox_change": ADD,
            "outbox_wantedrule": PUT,
            "patterns_candidate": KEEP,
            "patterns_mining": PUT,
            "patterns_sitemining": PUT,
            "planned_work_occurrence": PUT,
            "planned_work_revision": CHANGE,
            "planned_work_workstep": ADD,
            "reviews_annotation": CHANGE,
            "reviews_annotation_incidents": ADD,
            "reviews_opinion": PUT,
            "reviews_review": CHANGE,
            "reviews_review_incidents": KEEP,
            "reviews_secondopinion": PUT,
            "suppression_backtestrun": ADD,
            "suppression_driftline": KEEP,
            "suppression_driftquestion": PUT,
            "suppression_leftoutalert": ADD,
            "suppression_ruleversion": CHANGE,
            "suppression_siteday": KEEP,
            "suppression_step": ADD,
            "suppression_watchlistperiod": REMOVE,
        },
        rows={
            **RECORDED_BY_A_WORKER,
            "incidents_comment": SHOWN_AS_PENDING,
            "outbox_change": CHANGES_OF_PEOPLE,
            "outbox_wantedrule": f"NEW.kind IN ('rule', 'gate') AND {NEW_DESIRED}",
            "planned_work_occurrence": WORKED_OUT_AHEAD,
            "suppression_driftline": "NEW.amendment_id IS NULL",
            "suppression_driftquestion": "NEW.state = 'waiting'",
        },
        changes={
            "incidents_bulkact": CARRIED_OUT,
            "notifications_mail": WAITS_ON,
            "notifications_notification": JOINED,
            "outbox_wantedrule": DESIRED_BY_WATCH,
            "planned_work_occurrence": ASKED_ABOUT,
            "planned_work_revision": WORKED_OUT,
            "suppression_driftquestion": ASKED_BY_NIGHT,
            "suppression_ruleversion": MOVED_BY_WATCH,
        },
    ),
    # Reads files that people attach, which strangers may have recorded.
    "captures": WorkerRights(
        writes={
            **_ALIVE,
            **_RECORD,
            "captures_capture": CHANGE,
            "captures_capturepart": f"{ADD}, {REMOVE}",
        },
        reads=frozenset({*_BY_ALL, "incidents_incident"}),
        rows=RECORDED_BY_A_WORKER,
    ),
    # Only wakes the others: the database is none of its business.
    "beat": WorkerRights(reads=frozenset()),
}
