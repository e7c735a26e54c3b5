"""What can be done: make a backup, restore it, compare with the outside, resume."""
