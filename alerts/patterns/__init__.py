"""Routine found in history: processes of the plants with their rhythm, verdicts and weight, and the
plan in which they are worth a signature. Knows suppression and everything below; must not depend on
who shows its numbers elsewhere. Doors: the pages of `web/` below `/patterns/` and `/plan/`, `api/`,
the task of `tasks.py`, the command `patterns`.

`services.mine_patterns` reads history once into temporary tables, makes `engine.cells` of it, site
by site, and keeps what `engine.mining` and `engine.plan` find. A pattern is known again by what it
covers (`engine.process`), so that what people decided stays although its members grow.

`queries.plan` says whose turn it is with each step of a plan, `queries.questions` which incident to
ask OT about next. Proposing and asking go through suppression's and reviews' own services.
"""
