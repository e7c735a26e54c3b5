"""How many alerts of a period are left after each line of a rule, and which those are.

Lines that name a place or an alert type are what the index is good for. Counts that share such
lines are taken in one pass over the alerts they name, so that a rule with type and site never reads
more than the alerts of that type there.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from alerts.rules import sql
from alerts.rules.fields import Operator
from alerts.rules.rule import Clause, RuleDefinition, reasons_against_clause
from alerts.rules.sentence import Sentence
from alerts.rules.sql import Sql
from alerts.suppression.backtesting.history_sql import TimeSpan, fetch_rows, in_period

MAX_ROWS = 50_000  # matches that are listed and judged one by one
MAX_NEAR_MISSES = 100
_NAMED = frozenset({Operator.IS, Operator.IS_ONE_OF})
PLACES = frozenset({"workspace", "site"})
_INDEXED = PLACES | {"alert_type"}


@dataclass(frozen=True, slots=True)
class Counts:
    """`total`: all alerts of the period in the rule's reach. `after_each` has a number for each
    line, the exceptions last, and None for a line of a draft that is still empty.
    """

    total: int
    after_each: tuple[int | None, ...]
    skipped: tuple[tuple[int, Sentence], ...] = ()


@dataclass(frozen=True, slots=True)
class RuleMatches:
    """The counts of a whole rule, and the alerts that matched or were kept out by one line."""

    counts: Counts
    of_type: int
    matched: int
    ids: tuple[int, ...]  # of all matches, or none where those are more than can be listed
    near: tuple[int, ...]  # the latest of them


def without_empty_lines(
    rule: RuleDefinition,
) -> tuple[RuleDefinition, tuple[tuple[int, Sentence], ...]]:
    """Return the rule without the lines that are still empty, and what is wrong with those."""
    wrong = {
        place: reasons[0]
        for place, clause in enumerate(rule.clauses)
        if (reasons := reasons_against_clause(clause))
    }
    numbered, border = list(enumerate(rule.clauses)), len(rule.all_of)
    complete_rule = replace(
        rule,
        all_of=tuple(c for place, c in numbered[:border] if place not in wrong),
        except_any=tuple(c for place, c in numbered[border:] if place not in wrong),
    )
    return complete_rule, tuple(wrong.items())


def count_by_clause(rule: RuleDefinition, period: TimeSpan) -> Counts:
    """Return the counts for the editor, also of a rule that is only half written."""
    complete_rule, skipped = without_empty_lines(rule)
    scans = _scans(complete_rule)
    results = [_count(scan, period) for scan in scans]
    numbers = iter([number for _, counts in results for number in counts])
    wrong = dict(skipped)
    after = tuple(None if at in wrong else next(numbers) for at in range(len(rule.clauses)))
    return Counts(_total(complete_rule, scans, [n for n, _ in results], period), after, skipped)


def find_matches(rule: RuleDefinition, period: TimeSpan) -> RuleMatches:
    """Return all that a back-test needs to know of the alerts. The last scan also collects matches,
    and the near misses among the alerts of the same place and type.
    """
    *earlier, latest = _scans(rule)
    results = [_count(scan, period) for scan in earlier]
    scope = in_period(period, *map(sql.clause_sql, latest.pins))
    # After the last line the matches are left: they are collected, so they need not be counted too.
    count_columns = _filters(latest.prefixes[:-1])
    whole, near = sql.rule_condition_sql(rule), sql.near_misses(rule)
    (row,) = fetch_rows(
        f"SELECT n, c, matched, CASE WHEN matched <= {MAX_ROWS} THEN m END,"
        f" k[greatest(1, cardinality(k) - {MAX_NEAR_MISSES - 1}):]"
        f" FROM (SELECT n, c, m, k, coalesce(cardinality(m), 0) AS matched"
        f" FROM (SELECT count(*) AS n, ARRAY[{count_columns.text}]::bigint[] AS c,"
        f" array_agg(a.id) FILTER (WHERE {whole.text}) AS m,"
        f" array_agg(a.id) FILTER (WHERE {near.text}) AS k"
        f" FROM incidents_alerts a WHERE {scope.text}) collected) found",
        (*count_columns.params, *whole.params, *near.params, *scope.params),
    )
    of_type, before, matched, ids, close = row
    after = (*(number for _, counts in results for number in counts), *before, matched)
    total = _total(rule, [*earlier, latest], [*(n for n, _ in results), of_type], period)
    return RuleMatches(Counts(total, after), of_type, matched, tuple(ids or ()), tuple(close or ()))


@dataclass(frozen=True, slots=True)
class _Scan:
    """Prefixes of a rule that name the same places and types, to be counted together."""

    pins: tuple[Clause, ...]
    prefixes: list[Sql]


def _scans(rule: RuleDefinition) -> list[_Scan]:
    found: list[_Scan] = []
    for at, piece in enumerate(sql.prefixes(rule), start=1):
        pins = _pins(rule.all_of[:at], _INDEXED)
        if not found or found[-1].pins != pins:
            found.append(_Scan(pins, []))
        found[-1].prefixes.append(piece)
    return found


def _count(scan: _Scan, period: TimeSpan) -> tuple[int, list[int]]:
    """How many alerts the pass is over, and how many are left after each of its lines."""
    scope, count_columns = (
        in_period(period, *map(sql.clause_sql, scan.pins)),
        _filters(scan.prefixes),
    )
    (row,) = fetch_rows(
        f"SELECT count(*), ARRAY[{count_columns.text}] FROM incidents_alerts a WHERE {scope.text}",
        (*count_columns.params, *scope.params),
    )
    return row


def _total(
    rule: RuleDefinition, scans: Sequence[_Scan], sizes: Sequence[int], period: TimeSpan
) -> int:
    places = _pins(rule.all_of, PLACES)
    for scan, size in zip(scans, sizes, strict=True):
        if scan.pins == places:
            return size
    scope = in_period(period, *map(sql.clause_sql, places))
    (row,) = fetch_rows(f"SELECT count(*) FROM incidents_alerts a WHERE {scope.text}", scope.params)
    return int(row[0])


def _pins(clauses: Sequence[Clause], fields: frozenset[str]) -> tuple[Clause, ...]:
    return tuple(c for c in clauses if c.field in fields and c.operator in _NAMED)


def _filters(prefixes: Sequence[Sql]) -> Sql:
    text = ", ".join(f"count(*) FILTER (WHERE {piece.text})" for piece in prefixes)
    return Sql(text, tuple(param for piece in prefixes for param in piece.params))
