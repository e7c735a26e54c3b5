"""Numbers and pages that only read: the home of each role, system status, the lines of the frame
that show how fresh the data is. What a number means is defined once, in `measures`; `queries` count
by it, for pages and for `metrics/` alike. Nothing here changes anything, and no other room may
import this one. Doors: `web`, `api`.
"""
