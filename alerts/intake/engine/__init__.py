"""Pure functions of intake: whether a push hint comes from the sender that it names."""
