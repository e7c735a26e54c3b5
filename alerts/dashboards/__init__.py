"""Numbers and pages that only read: the home of each role, system status, the lines of the frame
that say how fresh the data is. What a number means is said once, in `measures`; `queries` count by
it, for pages and for `metrics/` alike. Nothing here changes anything, and no other room may know of
this one. Doors: `web`, `api`.
"""
