"""How often a process of Tagout looks for cycles among its values."""

import gc


def collect_rarely() -> None:
    """Have Python look for cycles once in fifty thousand new values, not in two thousand: while a
    process starts and while pages of Sentinel are read, hardly any of them is garbage, and looking
    costs a tenth to a fifth of either.
    """
    gc.set_threshold(50_000, 10, 10)
