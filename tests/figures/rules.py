"""Figures of noise reduction: patterns, plan, rules, back-test, ledger."""

from collections.abc import Iterator

import psycopg

from tests.figures.figure import Figure

# Of what was stored when patterns were last mined; the 90 days end then.
_MINED = "(SELECT ran_at, days FROM patterns_mining ORDER BY ran_at DESC LIMIT 1) m"

PLAN = (
    Figure(
        "alerts and verdicts that were mined",
        "leo",
        "/patterns/",
        r"From (?P<alerts>#) alerts of # days and (?P<verdicts>#) verdicts",
        f"""
        SELECT
          (SELECT count(*) FROM incidents_alert a WHERE a.at > m.ran_at - m.days * interval '1 day'
            AND a.site_id IS NOT NULL AND EXISTS (SELECT 1 FROM incidents_incidentalert l
              JOIN incidents_incident i ON i.id = l.incident_id
              WHERE l.alert_id = a.id AND i.stored_at <= m.ran_at)) AS alerts,
          (SELECT count(*) FROM verdict v WHERE v.given_at <= m.ran_at AND v.verdict <> 'not-sure'
            AND NOT EXISTS (SELECT 1 FROM reviews_secondopinion s WHERE s.annotation_id = v.id
              AND s.state = 'harmless-to-soc' AND s.decided_at <= m.ran_at)) AS verdicts
        FROM {_MINED}""",
    ),
    Figure(
        "open patterns",
        "leo",
        "/patterns/",
        r"Open (#) ",
        """
        SELECT count(*) FROM patterns_candidate, clock
        WHERE state = 'open' OR state = 'snoozed' AND snoozed_until <= now""",
    ),
)

_ACTS = "state IN ('canary', 'live', 'paused')"
_PENDING = "state IN ('draft', 'proposed', 'changes-requested')"
RULES = (
    Figure(
        "rules by tab",
        "leo",
        "/rules/",
        r"or paused (?P<acting>#) In progress (?P<open>#) Ended (?P<ended>#)",
        f"""
        SELECT count(DISTINCT rule_id) FILTER (WHERE {_ACTS}) AS acting,
          count(DISTINCT rule_id) FILTER (WHERE {_PENDING}) AS open,
          count(DISTINCT rule_id) FILTER (WHERE NOT {_ACTS} AND NOT {_PENDING}
            AND state <> 'replaced') AS ended FROM suppression_ruleversion""",
    ),
    Figure(
        "matches of rules in 7 days",
        "leo",
        "/rules/",
        r"Expires in (.*)$",
        """
        SELECT 'R-' || r.number, count(*) FROM suppression_ledgerentry e
          JOIN suppression_rule r ON r.id = e.rule_id, clock
        WHERE e.at > now - interval '7 days' AND e.ending <> 'not-sent' GROUP BY r.number""",
        rows=r"(?P<label>R-\d+) · version \d+ · .*? · (?P<n>#) match(?:es)? in 7 days",
    ),
    Figure(
        "lines of the ledger to check again",
        "leo",
        "/ledger/",
        r"To re-check (#)",
        """
        SELECT count(*) FROM suppression_ledgerentry, clock
        WHERE review_again_at IS NOT NULL AND reviewed_at IS NULL""",
    ),
    Figure(
        "what the whole ledger closed",
        "mia",
        "/",
        r"Closed by rules (#) ",
        """
        SELECT count(DISTINCT i.id) FROM incident i JOIN suppression_ledgerentry e
          ON e.incident_id = i.id, clock WHERE e.act = 'closed' AND i.status = 3
          AND i.closed_at > now - interval '7 days'""",
    ),
)

# A clause of a rule's body holds for an alert `a` at site `s`; fields are called as columns are.
_HOLDS = """
    CASE c ->> 'field'
      WHEN 'site' THEN c -> 'values' ? s.name
      WHEN 'severity' THEN a.severity <= array_position(
        ARRAY['Informational', 'Low', 'Medium', 'High'], c -> 'values' ->> 0)
      WHEN 'time' THEN EXISTS (
        SELECT 1 FROM jsonb_array_elements_text(c -> 'values') AS w(text),
          LATERAL (SELECT a.at AT TIME ZONE split_part(w.text, ' ', 3) AS local) AS l,
          LATERAL (SELECT split_part(split_part(w.text, ' ', 2), '-', 1)::time AS first,
            nullif(split_part(split_part(w.text, ' ', 2), '-', 2), '24:00')::time AS last) AS t
        WHERE CASE WHEN t.last > t.first OR t.last IS NULL
          THEN to_char(l.local, 'Dy') = split_part(w.text, ' ', 1) AND l.local::time >= t.first
            AND (t.last IS NULL OR l.local::time < t.last)
          ELSE to_char(l.local, 'Dy') = split_part(w.text, ' ', 1) AND l.local::time >= t.first
            OR to_char(l.local - interval '1 day', 'Dy') = split_part(w.text, ' ', 1)
              AND l.local::time < t.last END)
      ELSE c -> 'values' ? (to_jsonb(a) ->> (c ->> 'field')) END"""
# Alerts and incidents of the days on which a version was tested that its lines match.
_MATCHED = f"""
    SELECT v.id AS version, r.number, a.id AS alert, l.incident_id AS incident,
      b.ran_at
    FROM suppression_ruleversion v JOIN suppression_rule r ON r.id = v.rule_id
      JOIN suppression_backtestrun b ON b.id = v.backtest_id
      JOIN sites_site s ON s.id = ANY(v.site_ids)
      JOIN incidents_alert a ON a.site_id = s.id AND a.at >= b.start AND a.at < b."end"
      JOIN incidents_incidentalert l ON l.alert_id = a.id
      JOIN incident i ON i.id = l.incident_id AND i.stored_at <= b.ran_at
    WHERE NOT EXISTS (SELECT 1 FROM jsonb_array_elements(v.body -> 'all_of') AS c
      WHERE NOT coalesce({_HOLDS}, false))
      AND NOT EXISTS (SELECT 1 FROM jsonb_array_elements(v.body -> 'except_any') AS c
        WHERE coalesce({_HOLDS}, false))"""


def figures_of_rules(connection: psycopg.Connection) -> Iterator[Figure]:
    """The figures on the pages of rules that were signed."""
    versions = connection.execute(
        "SELECT r.number, v.id, v.uuid, v.state FROM suppression_ruleversion v"
        f" JOIN suppression_rule r ON r.id = v.rule_id WHERE {_ACTS} ORDER BY 1"
    ).fetchall()
    for number, version, uuid, state in versions:
        address, given = f"/rules/{uuid}/", {"version": version}
        yield Figure(
            f"what R-{number} would match",
            "leo",
            address,
            r"Back-test, 90 days (?P<alerts>#) would match, in (?P<incidents>#) incidents?",
            f"""
            SELECT count(DISTINCT alert) AS alerts, count(DISTINCT incident) AS incidents
            FROM ({_MATCHED}) m WHERE version = %(version)s""",
            given=given,
        )
        yield Figure(
            f"verdicts on what R-{number} would match",
            "leo",
            address,
            r"Judged as Alerts Incidents Verdicts .*?(?P<harmless>#) of (?P<judged>#) harmless",
            f"""
            SELECT count(DISTINCT j.annotation_id) FILTER (
                WHERE j.verdict IN ('routine', 'maintenance')) AS harmless,
              count(DISTINCT j.annotation_id) AS judged
            FROM ({_MATCHED}) m JOIN (SELECT l.annotation_id, l.alert_id, v.verdict, v.given_at
              FROM verdict v JOIN reviews_annotation_alerts l ON l.annotation_id = v.id
              WHERE v.verdict <> 'not-sure') j ON j.alert_id = m.alert AND j.given_at <= m.ran_at
            WHERE version = %(version)s""",
            given=given,
        )
        if state == "canary":
            yield Figure(
                f"matches in the trial of R-{number}",
                "leo",
                address,
                r"(#) fresh match(?:es)?",
                """
                SELECT count(*) FROM suppression_ledgerentry
                WHERE version_id = %(version)s AND act = 'tagged' AND kept_open = '[]'""",
                given=given,
            )


def figures_of_sites(connection: psycopg.Connection) -> Iterator[Figure]:
    """What the plan of a site was tested on."""
    for uuid, name in connection.execute("SELECT uuid, name FROM sites_site").fetchall():
        yield Figure(
            f"incidents that the plan of {name} was tested on",
            "leo",
            f"/plan/?site={uuid}",
            r"Tested together on (#) incidents",
            f"""
            SELECT count(DISTINCT i.id) FROM {_MINED}, incidents_alert a
              JOIN incidents_incidentalert l ON l.alert_id = a.id
              JOIN incident i ON i.id = l.incident_id JOIN sites_site s ON s.id = a.site_id
            WHERE s.name = '{name}' AND a.at > m.ran_at - m.days * interval '1 day'
              AND i.stored_at <= m.ran_at""",
        )


_REPORTED = """
    report AS (SELECT * FROM dashboards_historyreport WHERE uuid = %(uuid)s), reported AS (
      SELECT a.*, l.incident_id AS incident FROM incidents_alert a CROSS JOIN report r
        JOIN incidents_incidentalert l ON l.alert_id = a.id
        JOIN incident i ON i.id = l.incident_id AND i.stored_at <= r.made_at
      WHERE a.at >= r.since AND a.at < r.until)"""


def figures_of_history(connection: psycopg.Connection) -> Iterator[Figure]:
    """The latest historic analysis that Leo asked for, if there is one."""
    found = connection.execute(
        "SELECT r.uuid FROM dashboards_historyreport r JOIN accounts_user u ON u.id = r.by_id"
        " WHERE u.email = 'leo@demo.example' AND r.made_at IS NOT NULL"
        " ORDER BY r.made_at DESC LIMIT 1"
    ).fetchone()
    if found is None:
        return
    address, given = f"/history/{found[0]}/", {"uuid": found[0]}
    yield Figure(
        "a period in sum",
        "leo",
        address,
        r"(?P<alerts>#) alerts in (?P<incidents>#) incidents",
        f"""
        , {_REPORTED} SELECT count(DISTINCT id) AS alerts, count(DISTINCT incident) AS incidents
        FROM reported""",
        given=given,
    )
    yield Figure(
        "alerts of types in a period",
        "leo",
        address,
        r"history supports (.*)$",
        f"""
        , {_REPORTED} SELECT alert_type, count(DISTINCT id) FROM reported GROUP BY 1""",
        rows=r"(?P<label>(?!Set )[A-Z][A-Za-z0-9/ ]+?) (?:Informational|Low|Medium|High) "
        r"(?:Informational|Low|Medium|High) [A-Z][^:]*?\. (?P<n>#) alerts?:",
        given=given,
        is_part=True,
    )


FOUND = (figures_of_sites, figures_of_rules, figures_of_history)
