"""A rule decides on new incidents: cover, guards, close, check before the write, ledger."""
