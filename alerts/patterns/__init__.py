"""Routine found in history: candidates with their rhythm, verdicts and weight, from which rules
start. Knows suppression and everything below; must not know who shows its numbers elsewhere. Doors:
the pages of `web/`, the task of `tasks.py`, the command `patterns`.

Two engines for now: `engine.candidate` says what exact pairs are worth, and pages show these;
`engine.mining` and `engine.plan` find processes, and so far only the quality bench runs them.
"""
