"""What each cell of the matrix holds, and how two mappings differ. No Django."""
