"""Readiness: whether everything is there that incidents need to come and to be answered.

Must not depend on what a rule or a pattern is. Workers read what is around a workspace into rows
and carry out what an administrator asked for; pages and the command judge these rows. Doors: the
pages of a workspace, `workspace check`, tasks.
"""
