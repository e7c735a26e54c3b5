"""What stands in which cell of the matrix, and how two mappings differ. No Django."""
