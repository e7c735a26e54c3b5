"""The door out: everything owed to Sentinel, as rows written in the transaction of the decision.
Knows an incident by workspace and name only. Upper rooms register named delivery checks and hear
of outcomes through `registry`. Doors: `services.owe_update`, `services.owe_comment`,
`services.withdraw`, `queries`, command `deliver`.
"""
