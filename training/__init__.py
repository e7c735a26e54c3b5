"""Wing two: learning from all that. Empty until its first room is built."""
