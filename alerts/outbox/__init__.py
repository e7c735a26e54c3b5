"""The door out: everything owed to Sentinel, as rows written in the transaction of the decision.
Has an incident by workspace and name only. Upper rooms contribute what is asked before a delivery
and what follows it (`registry`). Automation rules are desired state, a row per rule and workspace.
Doors: `services.enqueue`, `services.set_desired`, `queries`, command `deliver`.
"""
