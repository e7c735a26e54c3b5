"""Suppression: standing orders that two sides sign, tested on history, watched while they live.

It builds on `alerts.rules` (what a rule is, without database and clock), reviews, incidents and
sites; it must not import patterns, intake or the simulator. A rule is the thread of its versions;
state belongs to a version. What rules should be in Sentinel is desired state in outbox
(`set_desired_rule`). Folders by what people do, services and reads of an act side by side:
`drafting`, `backtesting`, `signing`, `enforcing`, `watching`, `deploying`. Doors: these, `/rules/`,
`/approvals/`, `/ledger/`, `queries`, command `suppression_off`.
"""
