"""The UI kit: template tags, layouts, navigation, HTMX helpers, the gallery. Knows no wing: wings
register navigation items, shell facts and plants. Doors: `navigation`, `htmx`, tag library `ui`;
for sentences made in Python `words` (counts, shares, hours), `moments` (when) and `zones` (on
whose clock).
"""
