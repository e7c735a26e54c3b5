"""What people do with planned work, and what follows from it for alerts."""
