"""Hands-on practice: reading captures, page by page and from the command line.

Reads captures of incidents for `alerts.captures`, in a process of its own (`capture_reader`), and
shows what was read. Must not depend on: rules. Doors: `web` (the capture pages), the command
`capture`.
"""
