"""What people say about sites (`describe`), and what alerts say (`places`, `devices`)."""
