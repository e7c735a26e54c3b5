"""The UI kit: template tags, layouts, navigation, HTMX helpers, the gallery. Imports no wing: wings
contribute navigation items, finders, facts of the frame and the clocks of plants. Doors:
`navigation`, `htmx`, tag library `ui`; for sentences made in Python `words` (counts, shares,
hours), `moments` (when) and `zones` (on whose clock).
"""
