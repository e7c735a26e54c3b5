"""Rules, their ledger and what is in Sentinel over REST."""
