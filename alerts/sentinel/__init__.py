"""Workspaces: where they are, how we sign in there, Sentinel's own words and the one client.

Does not depend on what an incident means to people. `wire/` reads and writes Sentinel's JSON,
`client/` calls it; neither imports Django, and only intake, outbox, automation and readiness may
use the client. Entry point: the command `workspace`.
"""
