"""Notify people: in-app inbox and mail. Depends on no room whose events it sends: kinds come from
the wings. Entry points: `services.notify_people`, `queries.inbox_of`, page `/inbox/`.
"""
