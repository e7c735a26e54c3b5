"""The matrix with its techniques, and the mapping of alert types."""
