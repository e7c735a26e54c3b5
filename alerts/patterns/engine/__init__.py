"""Plain thinking about candidates; no Django."""
