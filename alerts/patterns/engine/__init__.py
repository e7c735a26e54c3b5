"""Plain thinking about patterns; no Django."""
