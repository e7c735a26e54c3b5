"""Which rows a worker adds, and what it may make of those that are there, where its rights by table
are too wide: conditions in SQL over NEW and OLD, held by triggers (`worker_row_triggers.py`).

They say which kinds, which columns and what has to be behind a row. What a body states is compared
where it is delivered.
"""


def _only(*columns: str) -> str:
    """The condition that nothing but these columns changes."""
    names = "'{" + ",".join(columns) + "}'::text[]"
    return f"to_jsonb(NEW) - {names} = to_jsonb(OLD) - {names}"


def _same(*columns: str) -> str:
    """The condition that these columns stay as they are."""
    olds, news = (", ".join(f"{row}.{column}" for column in columns) for row in ("OLD", "NEW"))
    return f"(ROW({news}) IS NOT DISTINCT FROM ROW({olds}))"


def _only_value_changes(column: str, key: str) -> str:
    """The condition that in an object of JSON nothing but the value of this key changes."""
    return f"NEW.{column} - '{key}' = OLD.{column} - '{key}'"


# What the outbox is owed by whom. A run of a playbook is owed by web alone. Tagout opens again what
# a rule has closed, where an alert joined that no rule covers or a device of it is held, and writes
# why; nothing else.
_TO_OPEN_AGAIN = """
    EXISTS (
        SELECT FROM suppression_ledgerentry l JOIN incidents_incident i ON i.id = l.incident_id
        WHERE i.workspace_id = NEW.workspace_id AND i.name = NEW.incident_name
            AND l.act = 'closed' AND l.landed_at IS NOT NULL AND l.ending IN ('joined', 'held'))
"""
CHANGES_OF_RULES = f"""
    NEW.by_id IS NULL AND (
        NEW.kind IN ('close', 'tag') AND NEW.by_label ~ '^R-[0-9]+'
        OR NEW.by_label = 'Tagout' AND {_TO_OPEN_AGAIN} AND (
            NEW.kind = 'update' AND NEW.patch ->> 'status' = 'Active'
            OR NEW.kind = 'comment' AND NEW.message LIKE 'Reopened by Tagout%'))
"""
# For a bulk act: on incidents of the piece that is being worked off, and what its verb says. For a
# verdict: its labels and comment.
CHANGES_OF_PEOPLE = """
    NEW.kind IN ('update', 'comment') AND (
        EXISTS (
            SELECT FROM incidents_bulkact a JOIN incidents_incident i
                ON i.workspace_id = NEW.workspace_id AND i.name = NEW.incident_name
            WHERE a.act = NEW.act AND a.by_id = NEW.by_id AND a.state = 'running'
                AND i.id = ANY(a.incident_ids[a.worked + 1 : a.worked + 50])
                AND (NEW.kind = 'comment') = (a.verb = 'comment')
                AND coalesce(NEW.patch ->> 'status', '') = CASE a.verb
                    WHEN 'close' THEN 'Closed' WHEN 'reopen' THEN 'Active' ELSE '' END)
        OR EXISTS (
            SELECT FROM reviews_annotation a WHERE a.act = NEW.act AND a.by_id = NEW.by_id
                AND NEW.patch - 'labels_add' - 'labels_remove' = '{}'
                AND (NEW.kind = 'update' OR NOT EXISTS (
                    SELECT FROM unnest(string_to_array(
                        CASE WHEN a.note = '' THEN NEW.message
                            ELSE replace(NEW.message, chr(10) || 'Note: ' || a.note, '') END,
                        chr(10))) line
                    WHERE NOT (
                        starts_with(line, 'OT verdict: ' || CASE a.verdict
                            WHEN 'routine' THEN 'Routine (' WHEN 'maintenance' THEN 'Maintenance ('
                            WHEN 'suspicious' THEN 'Suspicious (' ELSE 'Not sure (' END)
                        OR starts_with(line, 'Given by ' || NEW.by_label || ' for OT at ')
                        OR line = 'Work order: ' || a.work_order || '.'
                        OR a.done_by <> '' AND starts_with(line, 'Done by: ')
                        OR starts_with(line, 'The same answer covers ')
                        OR line = 'This answer closes and suppresses nothing by itself.'))))
    ) AND NEW.by_label = (SELECT left(u.name, 200) FROM accounts_user u WHERE u.id = NEW.by_id)
"""
# A comment is shown as ours where that comment is owed to Sentinel, by the same author.
SHOWN_AS_PENDING = """
    NEW.ours AND EXISTS (
        SELECT FROM outbox_change c JOIN incidents_incident i
            ON i.workspace_id = c.workspace_id AND i.name = c.incident_name
        WHERE c.key::text = NEW.name AND i.id = NEW.incident_id AND c.kind = 'comment'
            AND c.message = NEW.message AND c.by_label = left(NEW.author, 200))
"""
RUNS_FOUND_IN_AZURE = """
    NEW.asked_at IS NULL AND NEW.change_id IS NULL AND NEW.consent_id IS NULL AND NEW.by_id IS NULL
"""
# What only people do, from web or by command: no worker has an entry of it to write.
_ACTS_OF_PEOPLE = "|".join(
    (
        r"accounts\.(organisation|password|person|role|token)\.",
        r"(backup|catalog|sites)\.",
        r"suppression\.(promotion|signature|switch)\.",
        r"suppression\.rule\.(backlog_closed|changes_requested|discarded|drafted|proposed|rejected|resumed)$",
        r"suppression\.rule\.(retested|retired|saved|signed)$",
        r"reviews\.(opinion\.(given|passed)|review\.(asked|handed_over|withdrawn))$",
        r"reviews\.(suspicion\.decided|verdict\.(given|undone))$",
        r"automation\.(consent\.(asked|declined|given)|playbook\.(marked|refused|run))$",
        r"automation\.rule\.(made|removed)$",
        r"outbox\.change\.(discarded|retried)$",
    )
)
RECORDED_BY_A_WORKER = {"audit_entry": f"NEW.action !~ '^({_ACTS_OF_PEOPLE})'"}

# Desired state begins empty: what is wanted comes as a change of it.
NEW_DESIRED = """
    NEW.wanted IS NULL AND NEW.landed IS NULL AND NEW.sent IS NULL AND NOT NEW.insists
    AND NEW.wanted_version = 0 AND NEW.landed_version = 0 AND NEW.outcome = 'landed'
"""
_WANTED_IS_SAME = "NEW.wanted IS NOT DISTINCT FROM OLD.wanted"
_ACTS_IN_SENTINEL = """
    EXISTS (
        SELECT FROM suppression_ruleversion v JOIN suppression_rule r ON r.id = v.rule_id
        WHERE r.uuid = NEW.about AND v.state IN ('canary', 'live') AND v.enforcement = 'sentinel'
            AND NEW.workspace_id = ANY(v.workspace_ids))
"""
_LIST_IS_ON = """
    EXISTS (
        SELECT FROM suppression_watchlistrequest w
        WHERE w.workspace_id = NEW.workspace_id AND w.state = 'on')
"""
_GATE_GOES = """
    NEW.wanted IS NOT NULL OR EXISTS (
        SELECT FROM sentinel_workspace w WHERE w.id = NEW.workspace_id AND w.state = 'removed')
"""
_DESIRED = f"""
    {_WANTED_IS_SAME} OR CASE NEW.kind
        WHEN 'gate' THEN {_GATE_GOES}
        WHEN 'rule' THEN NEW.wanted IS NULL OR {_ACTS_IN_SENTINEL}
        WHEN 'probe' THEN true
        WHEN 'auto' THEN NEW.wanted IS NULL OR EXISTS (
            SELECT FROM automation_workflowcheck c
            WHERE c.uuid = NEW.about AND c.workspace_id = NEW.workspace_id
                AND c.state IN ('waiting', 'running'))
        WHEN 'listgate' THEN NEW.wanted IS NULL
            OR NEW.wanted ->> 'Until' = '1970-01-01T00:00:00Z' OR {_LIST_IS_ON}
        WHEN 'list' THEN NEW.wanted IS NULL OR {_LIST_IS_ON}
        WHEN 'pair' THEN NEW.wanted IS NULL OR {_LIST_IS_ON} AND EXISTS (
            SELECT FROM suppression_ruleversion v JOIN suppression_rule r ON r.id = v.rule_id
            WHERE r.uuid = NEW.about AND v.state = 'live'
                AND NEW.workspace_id = ANY(v.workspace_ids))
        ELSE false END
"""
# Deliveries of this worker also write what landed.
DESIRED_BY_DEPLOYMENTS = f"({_DESIRED})"
DESIRED_BY_WATCH = f"""
    NEW.kind IN ('rule', 'gate') AND ({_DESIRED}) AND (NEW.outcome = '' OR {_same("outcome")})
    AND NEW.state IN ('waiting', OLD.state) AND (NEW.lease_until IS NULL OR {_same("lease_until")})
    AND {
    _only(
        "wanted",
        "wanted_version",
        "wanted_at",
        "reason",
        "urgency",
        "insists",
        "outcome",
        "attempts",
        "misses",
        "due_at",
        "settled_at",
        "state",
        "lease_until",
    )
}
"""
# A state begins when it is written: a trial would be over early, and a live rule would close what
# came before it. Who owns the table (migrations, tests) dates as they like, as in the audit record.
_NOW = """
    (clock_timestamp() + make_interval(secs => coalesce(
        (SELECT max(seconds) FROM jobs_clockoffset), 0)))
"""
_BEGINS_NOW = f"""
    CASE WHEN NEW.state = OLD.state THEN {_same("state_since")}
        WHEN session_user = (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = TG_RELID)
            THEN true
        ELSE NEW.state_since BETWEEN {_NOW} - interval '1 hour' AND {_NOW} + interval '5 minutes'
        END
"""
# What was signed stays; it ends, stops or is replaced, and a trial that is over lives.
_MOVES = f"""
    {_only("state", "state_since", "paused_from", "needs_approval")} AND ({_BEGINS_NOW})
    AND (NEW.needs_approval OR NOT OLD.needs_approval)
    AND (NEW.paused_from = OLD.paused_from OR NEW.state = 'paused' AND NEW.paused_from = OLD.state)
"""
_STOPS = """
    NEW.state = OLD.state
    OR OLD.state IN ('canary', 'live') AND NEW.state IN ('paused', 'expired', 'replaced')
    OR OLD.state = 'paused' AND NEW.state = 'expired'
"""
MOVED_BY_DEPLOYMENTS = f"{_MOVES} AND ({_STOPS})"
MOVED_BY_WATCH = f"""
    {_MOVES} AND ({_STOPS} OR OLD.state = 'canary' AND NEW.state = 'live' AND (
        NEW.keeps_trial_of_id IS NOT NULL OR NOT EXISTS (
            SELECT FROM suppression_signature s WHERE s.version_id = NEW.id AND s.void_at IS NULL
                AND s.signed_at > NEW.state_since - interval '7 days')))
"""
# A worker asks and withdraws what is no longer so; only people answer.
ASKED_BY_NIGHT = "OLD.state = 'waiting' AND NEW.state IN ('waiting', 'overtaken')"
LIST_ENDS = f"""
    OLD.state IN ('proposed', 'on') AND NEW.state = 'ended'
    AND {_only("state", "ended_at", "end_reason", "ended_by_label")}
"""
CHECK_GOES_ON = f"""
    OLD.state IN ('waiting', 'running')
    AND {_same("uuid", "workspace_id", "playbook_id", "by_id", "by_label", "begun_at")}
"""
# What a workspace was found to be able to do; where it is and who signs in there people say.
# The worker that reads analytics rules says what their titles prove, the one that probes what
# automation rules may hold; neither writes the other's.
FOUND_ABLE = f"{_only('capabilities')} AND {_only_value_changes('capabilities', 'rules')}"
FOUND_BY_INTAKE = f"""
    {_only("capabilities", "iot_rules", "other_rules")}
    AND {_only_value_changes("capabilities", "analytics_rules")}
"""
# An act of a person goes forward; whoever asked for it takes it up again where it failed.
CARRIED_OUT = """
    OLD.state IN ('waiting', 'running') AND NEW.worked >= OLD.worked
    AND NEW.made_at = OLD.made_at
"""
ASKED_ABOUT = f"{_only('asked_at')}"
WORKED_OUT = f"{_only('worked_out_until')} AND NEW.worked_out_until >= OLD.worked_out_until"
# Times of work that recurs, further ahead than any that is known; all else people plan.
WORKED_OUT_AHEAD = """
    NEW.late_until IS NULL AND NEW.known_until IS NULL AND NEW.done_at IS NULL AND EXISTS (
        SELECT FROM planned_work_revision r JOIN planned_work_plannedwork w ON w.id = r.work_id
        WHERE r.id = NEW.revision_id AND r.work_id = NEW.work_id AND w.site_id = NEW.site_id
            AND r.is_latest AND r.rule <> '' AND w.state = 'planned'
            AND NEW.known_from = r.known_from AND NEW.came_by_token = r.came_by_token
            AND NEW.starts_at >= r.worked_out_until
            AND (NEW.ends_at - NEW.starts_at = r.length OR r.dates ? 'moved'))
"""
# A notification that no mail has carried yet takes up more of its kind.
JOINED = f"""
    NEW.read_at IS NULL AND {_only("subject", "body", "path", "parts", "made_at", "read_at")}
    AND jsonb_array_length(OLD.parts) > 0 AND EXISTS (
        SELECT FROM notifications_mail m
        WHERE m.notification_id = OLD.id AND m.state = 'waiting' AND m.attempts = 0)
"""
WAITS_ON = f"OLD.state = 'waiting' AND OLD.attempts = 0 AND {_only('due_at')}"
