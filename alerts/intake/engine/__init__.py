"""Pure thinking of intake: whether a push hint is from whom it says."""
