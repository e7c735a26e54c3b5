"""Commands of this room: mine, decide about a pattern."""
