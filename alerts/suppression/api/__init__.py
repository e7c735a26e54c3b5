"""Rules, their ledger and what stands in Sentinel over REST."""
