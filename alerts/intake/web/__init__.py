"""Pages of intake, and the address that takes push hints."""
