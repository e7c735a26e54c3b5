"""What each worker, and beat, may do in the database: one table, as `portal/schedule.py` is.

A worker writes what is named here and nothing else, and reads everything but PRIVATE, or only what
is named. Tests run whatever tasks call with exactly these rights (`tests/worker_roles.py`):
"permission denied" there asks for a line here, or for another condition on its rows. Take a right
away one version after it was last needed, because workers of the version before still run while
`migrate` does.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

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
    says what a row that it adds (NEW) must be, where others add other rows to the same table.
    """

    writes: Mapping[str, str] = field(default_factory=dict)
    rows: Mapping[str, str] = field(default_factory=dict)
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
_REACH = {"sentinel_apiversion": PUT, "sentinel_reachability": PUT, "jobs_circuitbreaker": PUT}
_READINESS = {"readiness_finding": PUT}
# What the outbox is owed by whom. A run of a playbook is owed by web alone.
_OWED_BY_RULES = """
    NEW.by_id IS NULL AND (
        NEW.kind IN ('close', 'tag') AND NEW.by_label ~ '^R-[0-9]+'
        OR NEW.kind = 'update' AND NEW.by_label = 'Tagout' AND NEW.patch ->> 'status' = 'Active'
        OR NEW.kind = 'comment' AND NEW.by_label = 'Tagout')
"""
# For a bulk act: on its incidents, and what its verb says. For a verdict: its labels and comment.
_OWED_BY_ACTS_OF_PEOPLE = """
    NEW.kind IN ('update', 'comment') AND (
        EXISTS (
            SELECT FROM incidents_bulkact a JOIN incidents_incident i
                ON i.workspace_id = NEW.workspace_id AND i.name = NEW.incident_name
            WHERE a.act = NEW.act AND a.by_id = NEW.by_id AND i.id = ANY(a.incident_ids)
                AND (NEW.kind = 'comment') = (a.verb = 'comment')
                AND coalesce(NEW.patch ->> 'status', '') = CASE a.verb
                    WHEN 'close' THEN 'Closed' WHEN 'reopen' THEN 'Active' ELSE '' END)
        OR EXISTS (
            SELECT FROM reviews_annotation a WHERE a.act = NEW.act AND a.by_id = NEW.by_id
                AND NEW.patch - 'labels_add' - 'labels_remove' = '{}'))
"""
_SEEN_IN_AZURE = """
    NEW.asked_at IS NULL AND NEW.change_id IS NULL AND NEW.consent_id IS NULL AND NEW.by_id IS NULL
"""
# What only people do, from web or by command: no worker has an entry of it to write.
_ACTS_OF_PEOPLE = "|".join(
    (
        r"accounts\.(organisation|password|person|role|token)\.",
        r"(backup|catalog|sites)\.",
        r"suppression\.(promotion|signature|switch)\.",
        r"suppression\.rule\.(changes_requested|discarded|drafted|proposed|rejected|resumed)$",
        r"suppression\.rule\.(retested|retired|saved|signed)$",
        r"reviews\.(opinion\.(given|passed)|review\.(asked|handed_over|withdrawn))$",
        r"reviews\.(suspicion\.decided|verdict\.(given|undone))$",
        r"automation\.(consent\.(asked|declined|given)|playbook\.(marked|refused|run))$",
        r"automation\.rule\.(made|removed)$",
        r"outbox\.change\.(discarded|retried)$",
    )
)
_RECORDED_BY_A_WORKER = {"audit_entry": f"NEW.action !~ '^({_ACTS_OF_PEOPLE})'"}
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
        rows=_RECORDED_BY_A_WORKER,
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
        rows=_RECORDED_BY_A_WORKER,
    ),
    # Acts by rules that people have signed, and brings them into Sentinel; stops them, signs none.
    "deployments": WorkerRights(
        writes={
            **_ALIVE,
            **_RECORD,
            **_INCIDENTS,
            **_INBOX,
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
            "suppression_heldincident": KEEP,
            "suppression_ledgerentry": PUT,
            "suppression_newmember": ADD,
            "suppression_ruleversion": CHANGE,
            "suppression_step": ADD,
            "suppression_watchlistperiod": PUT,
        },
        rows={
            **_RECORDED_BY_A_WORKER,
            "automation_playbookrun": _SEEN_IN_AZURE,
            "outbox_change": _OWED_BY_RULES,
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
            "notifications_notification": f"{ADD}, {REMOVE}",
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
            "suppression_leftoutalert": ADD,
            "suppression_ledgerentry": PUT,
            "suppression_ruleversion": CHANGE,
            "suppression_siteday": KEEP,
            "suppression_step": ADD,
            "suppression_watchlistperiod": REMOVE,
        },
        rows={**_RECORDED_BY_A_WORKER, "outbox_change": _OWED_BY_ACTS_OF_PEOPLE},
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
        rows=_RECORDED_BY_A_WORKER,
    ),
    # Only wakes the others: the database is none of its business.
    "beat": WorkerRights(reads=frozenset()),
}
