"""The demo: starts everything on one machine, with a pretend Sentinel and people to play. Stands
above all rooms because it knows them all; nothing knows it. Doors: `make demo`, command
`demo_seed`.
"""
