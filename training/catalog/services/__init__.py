"""What changes the teaching: drafts, imports, publishing, and reviews of alert types."""
