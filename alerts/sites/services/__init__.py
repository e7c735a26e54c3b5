"""What people say about sites (`describe`), and what alerts state (`places`, `devices`)."""
