"""One's own exports: ask for one, see how far it is, take it."""
