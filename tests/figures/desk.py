"""Figures of the desk: queue, home pages, questions and verdicts."""

from tests.figures.figure import Figure

NAMED = r"(?P<label>[A-Z][a-z]+) (?P<n>#)"
PLACES = r"(?P<label>\w+) (?P<n>#) # # # (?:# %|–)"
WEEKS = r"(?P<label>\d+ [A-Z][a-z]+) (?P<n>#)"


QUEUE = (
    Figure(
        "incidents that need triage",
        "sam",
        "/",
        r"(#) incidents? need",
        """
        SELECT count(*) FROM open WHERE ot_state = ''""",
    ),
    Figure(
        "the rail's count of rows",
        "sam",
        "/",
        r"Triage queue (#) ",
        """
        SELECT count(DISTINCT group_key) FROM open WHERE ot_state = ''""",
    ),
    Figure(
        "tiles of an analyst",
        "sam",
        "/",
        r"Needs triage (?P<needs_rows>#) rows? · (?P<needs>#) incidents?"
        r" Waiting for OT (?P<waiting_rows>#) rows? · (?P<waiting>#) incidents?"
        r" Late answers (?P<late_rows>#) rows? · (?P<late>#) incidents?"
        r" Mine (?P<mine_rows>#) rows? · (?P<mine>#) incidents?",
        """
        SELECT
          count(DISTINCT group_key) FILTER (WHERE ot_state = '') AS needs_rows,
          count(*) FILTER (WHERE ot_state = '') AS needs,
          count(DISTINCT group_key) FILTER (WHERE ot_state = 'waiting') AS waiting_rows,
          count(*) FILTER (WHERE ot_state = 'waiting') AS waiting,
          count(DISTINCT group_key) FILTER (
            WHERE ot_state = 'waiting' AND ot_due_at < now) AS late_rows,
          count(*) FILTER (WHERE ot_state = 'waiting' AND ot_due_at < now) AS late,
          count(DISTINCT group_key) FILTER (WHERE owner_email = 'sam@demo.example') AS mine_rows,
          count(*) FILTER (WHERE owner_email = 'sam@demo.example') AS mine
        FROM open, clock""",
    ),
    Figure(
        "tabs of the queue",
        "sam",
        "/incidents/",
        r"Needs triage (?P<needs>#) rows? Waiting for OT (?P<waiting>#) rows? OT answered"
        r" (?P<answered>#) rows? .*?All open (?P<open>#) rows? Closed (?P<closed>#) incidents",
        """
        SELECT
          count(DISTINCT o.group_key) FILTER (WHERE o.ot_state = '') AS needs,
          count(DISTINCT o.group_key) FILTER (WHERE o.ot_state = 'waiting') AS waiting,
          count(DISTINCT o.group_key) FILTER (WHERE o.ot_state NOT IN ('', 'waiting')) AS answered,
          count(DISTINCT o.group_key) AS open,
          (SELECT count(*) FROM incident WHERE status = 3) AS closed
        FROM open o""",
    ),
    Figure(
        "rows by severity",
        "sam",
        "/incidents/filters/",
        r"Severity (.*?) OT ",
        """
        SELECT CASE severity WHEN 1 THEN 'Informational' WHEN 2 THEN 'Low' WHEN 3 THEN 'Medium'
          ELSE 'High' END, count(DISTINCT group_key) FROM open GROUP BY severity""",
        rows=NAMED,
    ),
    Figure(
        "rows by status",
        "sam",
        "/incidents/filters/",
        r"Status (.*?) Site ",
        """
        SELECT CASE status WHEN 1 THEN 'New' ELSE 'Active' END, count(DISTINCT group_key)
        FROM open GROUP BY status""",
        rows=NAMED,
    ),
    Figure(
        "rows by site",
        "sam",
        "/incidents/filters/",
        r"Site (.*?) Workspace ",
        """
        SELECT s.name, count(DISTINCT group_key) FROM open o
          JOIN sites_site s ON s.id = ANY(o.site_ids)
        GROUP BY s.name""",
        rows=r"(?P<label>\S+) (?P<n>#)",
    ),
    Figure(
        "rows by workspace",
        "sam",
        "/incidents/filters/",
        r"Workspace (.*?) Owner ",
        """
        SELECT w.name, count(DISTINCT group_key) FROM open o JOIN sentinel_workspace w
        ON w.id = o.workspace_id GROUP BY w.name""",
        rows=r"(?P<label>\S+) (?P<n>#)",
    ),
    Figure(
        "rows by owner",
        "sam",
        "/incidents/filters/",
        r"Owner (.*?) Type ",
        """
        SELECT CASE owner_name WHEN '' THEN 'Nobody' ELSE owner_name END, count(DISTINCT group_key)
        FROM open GROUP BY 1""",
        rows=r"(?P<label>\D+) (?P<n>#)",
    ),
)

HOMES = (
    Figure("open incidents", "mia", "/", r"(#) incidents? are open", "SELECT count(*) FROM open"),
    Figure(
        "open incidents by week",
        "mia",
        "/",
        r"Week to Open incidents (.*?) Closed by people",
        """
        SELECT to_char(w.at, 'FMDD Mon'), (SELECT count(*) FROM incident i
          WHERE i.created_at <= w.at AND (i.status <> 3 OR i.closed_at > w.at))
        FROM weeks w""",
        rows=WEEKS,
    ),
    Figure(
        "closed by people by week",
        "mia",
        "/",
        r"Week to Closed by people (.*?) OT answer time",
        """
        SELECT to_char(w.at, 'FMDD Mon'), (SELECT count(*) FROM incident i WHERE i.status = 3
          AND i.closed_by = '' AND i.closed_at > w.at - interval '7 days' AND i.closed_at <= w.at)
        FROM weeks w""",
        rows=WEEKS,
    ),
    Figure(
        "closed by rules by week",
        "mia",
        "/",
        r"Week to Closed by rules (.*?) Open incidents",
        """
        SELECT to_char(w.at, 'FMDD Mon'), (SELECT count(*) FROM incident i WHERE i.status = 3
          AND i.closed_by <> '' AND i.closed_at > w.at - interval '7 days' AND i.closed_at <= w.at)
        FROM weeks w""",
        rows=WEEKS,
    ),
    Figure(
        "closed as what this week",
        "mia",
        "/",
        r"Closed as (.*?) # in all",
        """
        SELECT CASE classification WHEN 'BenignPositive' THEN 'Benign positive'
            WHEN 'FalsePositive' THEN 'False positive' WHEN 'TruePositive' THEN 'True positive'
            ELSE 'Undetermined' END, count(*)
        FROM incident, clock WHERE status = 3 AND closed_at > now - interval '7 days' GROUP BY 1""",
        rows=r"(?P<label>[A-Z][a-z]+(?: positive)?) (?P<n>#)",
    ),
    Figure(
        "closed by whom this week",
        "mia",
        "/",
        r"(?P<closed>#) in all: (?P<people>#) by people, (?P<rules>#) by rules",
        """
        SELECT count(*) AS closed, count(*) FILTER (WHERE closed_by = '') AS people,
          count(*) FILTER (WHERE closed_by <> '') AS rules
        FROM incident, clock WHERE status = 3 AND closed_at > now - interval '7 days'""",
    ),
    Figure(
        "open incidents of sites",
        "leo",
        "/",
        r"Sites Name .*? in time (.*?) Workspaces ",
        """
        SELECT coalesce(s.name, 'yet'), count(*) FROM open o
          LEFT JOIN sites_site s ON s.id = ANY(o.site_ids) GROUP BY 1""",
        rows=PLACES,
    ),
    Figure(
        "open incidents of workspaces",
        "leo",
        "/",
        r"Workspaces Name .*? in time (.*?) Closed as",
        """
        SELECT w.name, count(*) FROM open o JOIN sentinel_workspace w ON w.id = o.workspace_id
        GROUP BY w.name""",
        rows=PLACES,
    ),
)

_WAITING = """
    SELECT (SELECT count(*) FROM reviews_review q JOIN sites_site s ON s.id = q.site_id
        WHERE q.state = 'waiting' AND s.name = 'Gdańsk')
      + (SELECT count(*) FROM reviews_opinion o JOIN accounts_user u ON u.id = o.person_id
        WHERE o.state = 'waiting' AND u.email = '{0}@demo.example')"""
_OPEN_QUESTIONS = """
    SELECT count(*) FROM reviews_review WHERE state = 'waiting'"""
QUESTIONS = (
    Figure(
        "questions that wait for Olaf",
        "olaf",
        "/",
        r"Hello, Olaf (?:Nothing is|(#) questions? (?:is|are)) waiting for you",
        _WAITING.format("olaf"),
    ),
    Figure(
        "questions that wait for Oda",
        "oda",
        "/",
        r"Hello, Oda (?:Nothing is|(#) questions? (?:is|are)) waiting for you",
        _WAITING.format("oda"),
    ),
    Figure(
        "questions that wait, of OT reviews", "sam", "/reviews/", r"Waiting (#) ", _OPEN_QUESTIONS
    ),
)
_EFFECT = """
    SELECT count(DISTINCT v.id) AS verdicts,
      count(DISTINCT i.id) FILTER (WHERE i.status = 3) AS closed, count(DISTINCT i.id) AS judged
    FROM verdict v JOIN accounts_user u ON u.id = v.by_id
      JOIN reviews_annotation_incidents l ON l.annotation_id = v.id
      JOIN incidents_incident i ON i.id = l.incident_id
    WHERE u.email = '{0}@demo.example'"""
_KINDS = """
    SELECT v.verdict, count(*) FROM verdict v JOIN accounts_user u ON u.id = v.by_id
    WHERE u.email = '{0}@demo.example' GROUP BY v.verdict"""
_GAVE = (
    r"You gave (?P<verdicts>#) verdicts?\. The SOC has closed (?P<closed>#) of the (?P<judged>#)"
)

ANSWERS = tuple(
    figure
    for who in ("oda", "olaf", "pia")
    for figure in (
        Figure(f"verdicts of {who}", who, "/", _GAVE, _EFFECT.format(who)),
        Figure(
            f"verdicts of {who} by kind",
            who,
            "/",
            r"incidents you judged\. (.*?) My latest",
            _KINDS.format(who),
            rows=r"(?P<n>#) (?P<label>[a-z-]+)",
        ),
    )
)
