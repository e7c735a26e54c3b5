"""Pure thinking about writes: what a fresh answer of Sentinel means for a wish. No Django."""
