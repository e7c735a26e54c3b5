"""The door out: everything owed to Sentinel, as rows written in the transaction of the decision.
Knows an incident by workspace and name only. Upper rooms register named delivery checks and hear
of outcomes through `registry`. Automation rules are desired state, one row per rule and workspace.
Doors: `services.enqueue_changes`, `services.withdraw`, `services.retry_change`,
`services.set_desired_rule`, `services.clear_desired_rule`, `queries`, command `deliver`.
"""
