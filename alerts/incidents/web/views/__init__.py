"""Pages, one subject a module."""
