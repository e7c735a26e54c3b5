"""The matrix over REST."""
