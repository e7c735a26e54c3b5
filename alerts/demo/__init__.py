"""The demo: starts everything on one machine, with a pretend Sentinel and people to play. Stands
above all rooms because it knows them all; nothing knows it, and the image has none. Doors:
`make demo`, commands `demo_seed` and `simulator`.
"""
