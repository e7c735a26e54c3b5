"""How far people are: always counted from their attempts, never stored."""
