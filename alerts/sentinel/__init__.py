"""Workspaces: where they are, how we sign in there, Sentinel's own words and the one client.

Must not know what an incident means to people. `wire/` reads and writes Sentinel's JSON, `client/`
speaks to it; both know no Django, and only intake, outbox and readiness may use the client.
Doors: the command `workspace`.
"""
