"""The pages, lists and API of sites, zones and devices, with what happened at each.

It composes `alerts.sites`, where these are stored and described, with `alerts.incidents`; nothing
below may import it. No tables of its own.
"""
