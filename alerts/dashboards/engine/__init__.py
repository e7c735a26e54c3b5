"""Plain thinking about ages."""
