"""Figures of the plant and the installation: devices, sites, what is read, the record."""

from tests.figures.figure import Figure

PLANT = (
    Figure(
        "devices",
        "sam",
        "/devices/",
        r"All (?P<every>#) Kind unknown (?P<unknown>#) Never silenced (?P<never>#)",
        """
        SELECT count(*) AS every, count(*) FILTER (WHERE kind = '') AS unknown,
          count(*) FILTER (WHERE criticality IN ('safety', 'crown-jewel')) AS never
        FROM sites_device""",
    ),
    Figure(
        "devices of Gdańsk",
        "oda",
        "/devices/",
        r"All (?P<every>#) Kind unknown (?P<unknown>#) Never silenced (?P<never>#)",
        """
        SELECT count(*) AS every, count(*) FILTER (WHERE d.kind = '') AS unknown,
          count(*) FILTER (WHERE d.criticality IN ('safety', 'crown-jewel')) AS never
        FROM sites_device d JOIN sites_zone z ON z.id = d.zone_id
          JOIN sites_site s ON s.id = z.site_id WHERE s.name = 'Gdańsk'""",
    ),
    *(
        Figure(
            f"{what} of sites",
            "leo",
            "/sites/",
            r"Missing (.*)$",
            sql,
            rows=r"(?P<label>Gdańsk|Porto) .*? " + column,
        )
        for what, column, sql in (
            (
                "zones",
                "Europe/\\S+ Europe/\\S+ (?P<n>#) # #",
                "SELECT s.name, count(*) FROM sites_zone z JOIN sites_site s ON s.id = z.site_id"
                " GROUP BY s.name",
            ),
            (
                "devices",
                "Europe/\\S+ Europe/\\S+ # (?P<n>#) #",
                "SELECT s.name, count(*) FROM sites_device d JOIN sites_zone z ON z.id = d.zone_id"
                " JOIN sites_site s ON s.id = z.site_id GROUP BY s.name",
            ),
            (
                "incidents of 7 days",
                "Europe/\\S+ Europe/\\S+ # # (?P<n>#)",
                "SELECT s.name, count(*) FROM clock, incident i JOIN sites_site s"
                " ON s.id = ANY(i.site_ids) WHERE i.created_at > now - interval '7 days'"
                " GROUP BY s.name",
            ),
            (
                "devices of unknown kind",
                "Europe/\\S+ Europe/\\S+ # # # (?P<n>#)",
                "SELECT s.name, count(*) FROM sites_device d JOIN sites_zone z ON z.id = d.zone_id"
                " JOIN sites_site s ON s.id = z.site_id WHERE d.kind = '' GROUP BY s.name",
            ),
        )
    ),
    Figure(
        "what is collected of gdansk",
        "leo",
        "/workspaces/gdansk/collected/",
        r"Incidents (?P<incidents>#) Alerts (?P<alerts>#) Oldest",
        """
        SELECT (SELECT count(*) FROM incidents_incident i WHERE i.workspace_id = w.id) AS incidents,
          (SELECT count(*) FROM incidents_alert a WHERE a.workspace_id = w.id) AS alerts
        FROM sentinel_workspace w WHERE w.name = 'gdansk'""",
    ),
)

INSTALLATION = (
    Figure(
        "rules on the status page",
        "ada",
        "/status/",
        r"Live rules (?P<live>#) Rules in trial, only labelling (?P<trial>#)",
        """
        SELECT count(*) FILTER (WHERE state = 'live') AS live,
          count(*) FILTER (WHERE state = 'canary') AS trial FROM suppression_ruleversion""",
    ),
    Figure(
        "entries of the audit record",
        "ada",
        "/status/",
        r"Audit record (#) entries",
        "SELECT count(*) FROM audit_entry",
    ),
    Figure(
        "changes that wait",
        "ada",
        "/status/",
        r"Changes that never reached Sentinel (#)",
        "SELECT count(*) FROM outbox_change WHERE state = 'failed'",
    ),
    Figure(
        "mails",
        "ada",
        "/status/",
        r"Mails to send (?P<waiting>#).*? Mails that failed (?P<failed>#)",
        """
        SELECT count(*) FILTER (WHERE state IN ('waiting', 'running')) AS waiting,
          count(*) FILTER (WHERE state = 'failed') AS failed FROM notifications_mail""",
    ),
    Figure(
        "incidents that could not be read",
        "ada",
        "/status/",
        r"Incidents that could not be read (#)",
        "SELECT count(*) FROM intake_quarantined",
    ),
    Figure(
        "people and their roles",
        "ada",
        "/people/",
        r"Valid tokens (.*?) People are added",
        """
        SELECT email, (SELECT count(*) FROM accounts_session s, clock
          WHERE s.user_id = u.id AND least(s.works_until, s.ends_at) > clock_timestamp())
        FROM accounts_user u""",
        rows=r"(?P<label>\S+@\S+) .*? Active (?P<n>#) #",
    ),
)
