"""Who has answered what, and the pages on which people learn. Must not depend on how lessons are
written (that is `catalog`). Doors: `queries`, `services`, `web`.
"""
