"""Workspaces, Sentinel's own words (`wire/`) and the one client (`client/`). Knows no incident of
ours. Doors: `queries`, `services`, command `workspace`; `client` for intake and outbox only.
"""
