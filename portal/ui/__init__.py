"""The UI kit: template tags, layouts, navigation, HTMX helpers, the gallery. Imports no wing: wings
contribute navigation items, finders, facts of the frame and the clocks of plants. Entry
points: `navigation`, `responses`, tag library `ui`; for sentences made in Python `words` (counts,
shares, hours) and `moments` (when, on whose clock).
"""
