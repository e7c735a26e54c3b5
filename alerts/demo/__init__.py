"""The demo: starts everything on one machine, with a simulated Sentinel and people to play. It is
above all rooms and imports them; no room imports it, and the image does not have it. Doors:
`make demo`, commands `demo_seed` and `simulator`.
"""
