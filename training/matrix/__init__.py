"""ATT&CK for ICS as a map: what alerts can show, what came, what rules silence, what is taught.

Must not depend on who learned what (that is `progress`). Doors: `engine`, `queries`, `web`.
"""
