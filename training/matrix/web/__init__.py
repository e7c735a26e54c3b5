"""Pages: the matrix, a technique, the mapping of alert types."""
