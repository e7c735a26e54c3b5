"""Tell people what happened: in-app inbox and mail. Knows nothing of
what it tells. Doors: `services.notify`, `queries.inbox_of`, page `/inbox/`.
"""
