"""Numbers and pages that only read: the home of each role, system status, the lines of the frame
that say how fresh the data is. Every number is defined in `measures` or counted in `queries`;
nothing here changes anything, and no other room may know of this one. Doors: `web`.
"""
