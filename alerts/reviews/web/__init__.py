"""Pages of reviews, and the panel that the incident page includes by its address."""
