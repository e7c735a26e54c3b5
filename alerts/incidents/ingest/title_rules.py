"""What a look at analytics rules changes in alerts that came before it."""

from collections.abc import Collection

from django.db import connection

from alerts.incidents.engine.title_proof import BY_TITLE, OF_RULE, TitleRules

# Proved now: no unread analytics rule is left. Doubtful now: it is not asked for again.
_PROVED = """
    UPDATE incidents_alert a
    SET flags = ARRAY(SELECT f FROM unnest(a.flags) f WHERE f <> %(mark)s AND f <> ALL(%(rules)s))
    WHERE workspace_id = %(workspace)s AND flags && %(rules)s::text[]
          AND NOT EXISTS (SELECT FROM unnest(a.flags) f
                          WHERE starts_with(f, %(prefix)s) AND f <> ALL(%(rules)s))
"""
_DOUBTED = """
    UPDATE incidents_alert a
    SET flags = ARRAY(SELECT f FROM unnest(a.flags) f WHERE NOT starts_with(f, %(prefix)s))
    WHERE workspace_id = %(workspace)s AND flags && %(rules)s::text[]
"""


def judge_titles_again(*, workspace_id: int, rules: TitleRules) -> None:
    """Judge the alerts again that came before the analytics rules which made them were read."""
    with connection.cursor() as cursor:
        for statement, names in ((_PROVED, rules.naming), (_DOUBTED, rules.doubtful)):
            if names:
                cursor.execute(statement, _parameters(workspace_id, names))


def _parameters(workspace_id: int, names: Collection[str]) -> dict[str, int | str | list[str]]:
    flags = [f"{OF_RULE}{name}" for name in sorted(names)]
    return {"workspace": workspace_id, "rules": flags, "mark": BY_TITLE, "prefix": OF_RULE}
