"""The UI kit: template tags, layouts, navigation, HTMX helpers, the gallery. Knows no wing: wings
register navigation items and shell facts. Doors: `navigation`, `htmx`, tag library `ui`.
"""
