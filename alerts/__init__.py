"""Wing one: from Sentinel's incident to a decision and back."""
