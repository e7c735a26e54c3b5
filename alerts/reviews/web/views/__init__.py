"""Pages of reviews, a file a page."""
