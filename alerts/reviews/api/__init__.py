"""Questions to OT and OT's answers over REST."""
