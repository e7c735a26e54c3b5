"""Suppression rules as values: what they match, compile to and may not do. No Django, no clock.

`rule.parse` reads one, `match.matches` explains, `index.RuleIndex` matches many rules at once,
`sql.where` selects from the facts table, `compile_sentinel.compile_rule` makes the conditions of an
automation rule, `lifetime` and `trial` set when a rule ends, `guards` refuses, `backtest` counts.
Who drafts, signs and enforces them is `alerts.suppression`.
"""
