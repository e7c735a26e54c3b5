"""Figures of what rules changed: incidents that came, those that rules closed, those left."""

from tests.figures.figure import Figure

_BY_RULE = "i.gone_at IS NULL AND i.status = 3 AND i.closed_by <> ''"
_AT_GDANSK = "i.site_ids @> ARRAY(SELECT id FROM sites_site WHERE name = 'Gdańsk')"
_HUNDREDTHS = f"floor(100.0 * count(*) FILTER (WHERE {_BY_RULE}) / greatest(count(*), 1))"
_HEADS = "Came By rules To people By rules, of all"
_SHARE = r"(?:\d+\s%|–)"


def _came(what: str, *, weeks: int = 1, end: str = "now", where: str = "TRUE") -> str:
    """SQL that counts, of the incidents that came in the weeks to a moment."""
    return f"""(SELECT {what} FROM incidents_incident i WHERE i.merged_into IS NULL AND {where}
      AND i.created_at > {end} - {weeks} * interval '7 days' AND i.created_at <= {end})"""


def _sums(weeks: int) -> Figure:
    return Figure(
        f"effect of rules, weeks: {weeks}",
        "mia",
        f"/effect/?weeks={weeks}",
        r"(?P<came>#) incidents came: rules closed (?P<rules>#), (?P<people>#) were left to people",
        f"""
        SELECT {_came("count(*)", weeks=weeks)} AS came,
          {_came(f"count(*) FILTER (WHERE {_BY_RULE})", weeks=weeks)} AS rules,
          {_came(f"count(*) FILTER (WHERE NOT ({_BY_RULE}))", weeks=weeks)} AS people
        FROM clock""",
    )


def _by_week(name: str, what: str, row: str) -> Figure:
    return Figure(
        name,
        "mia",
        "/effect/",
        rf"Week to {_HEADS} (.*?) Decisions of people",
        f"SELECT to_char(w.at, 'FMDD Mon YYYY'), {_came(what, end='w.at')} FROM weeks w",
        rows=rf"(?P<label>\d+ \w+ \d{{4}}) {row} {_SHARE}",
    )


def _by_site(name: str, what: str, row: str) -> Figure:
    return Figure(
        name,
        "mia",
        "/effect/",
        rf"Site {_HEADS} (.*?) (?:An incident that|What these numbers)",
        f"""
        SELECT s.name, {_came(what, where="s.id = ANY(i.site_ids)")} FROM sites_site s, clock""",
        rows=rf"(?P<label>\S+) {row} {_SHARE}",
    )


EFFECT = (
    _sums(1),
    _sums(4),
    _sums(12),
    _by_week("came by week", "count(*)", "(?P<n>#) # #"),
    _by_week("closed by rules by week", f"count(*) FILTER (WHERE {_BY_RULE})", "# (?P<n>#) #"),
    _by_site("came by site", "count(*)", "(?P<n>#) # #"),
    _by_site("closed by rules by site", f"count(*) FILTER (WHERE {_BY_RULE})", "# (?P<n>#) #"),
    Figure(
        "of a hundred incidents at Gdańsk",
        "olaf",
        "/effect/",
        r"(?:Of 100 incidents(?: at Gdańsk)?, (#) no longer reach|All incidents reach people)",
        f"""
        SELECT {_came(_HUNDREDTHS, where=_AT_GDANSK)} FROM clock""",
    ),
)
