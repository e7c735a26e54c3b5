"""Hands-on practice: reading captures, page by page and from the command line.

Must not know: incidents and rules. Doors: `web` (the capture pages), the command `capture`.
"""
