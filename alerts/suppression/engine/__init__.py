"""Pure thinking about rules: what they say, match, compile to and may not do. No Django, no clock.

`rule.parse` reads one, `match.matches` explains, `index.RuleIndex` is fast, `sql.where` reads the
facts table, `compile_sentinel.compile_rule` speaks Sentinel, `guards` says no, `backtest` counts.
"""
