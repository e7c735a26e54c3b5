"""Suppression: standing orders that two sides sign, tested on history, watched while they live.

It knows incidents, reviews and sites below it; it must not know patterns, intake or the simulator.
`engine` thinks, without database and clock. A rule is the thread of its versions; state belongs to
a version. What rules should be in Sentinel is desired state in outbox (`set_desired_rule`).
Folders by what people do, services and reads of an act side by side: `drafting`, `backtesting`,
`signing`, `enforcing`, `watching`, `deploying`. Doors: these, `/rules/`, `/approvals/`, `/ledger/`,
`queries`, command `suppression_off`.
"""
