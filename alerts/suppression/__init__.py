"""Suppression: standing orders that two sides sign, tested on history, watched while they live.

It knows incidents, reviews and sites below it; it must not know patterns, intake or the simulator.
Doors: none yet; `engine` thinks, without database and clock.
"""
