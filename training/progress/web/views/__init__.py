"""The pages on which people learn, and those for authors and for who looks after a team."""
