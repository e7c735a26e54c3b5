"""Captures of live incidents: who attached which file to which incident, and who looked into it.

A file stays in quarantine until the reader has taken it apart in a process of its own; nobody can
open it before. Bytes and what was read of them lie in the database, so web processes and workers
need no common disk. The room that has a reader contributes it (`registry`).

Must not depend on: how a capture is read. Doors: the tab PCAP of an incident, `web`, `tasks`.
"""
