"""Pages of patterns and of the noise plan, and what can be done on them."""
