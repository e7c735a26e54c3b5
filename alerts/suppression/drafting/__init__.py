"""A rule before anybody signs: drafts, where it would be enforced, what the editor offers."""
