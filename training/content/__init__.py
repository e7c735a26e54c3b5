"""Lessons, questions and cards as they ship: folders of Markdown, YAML and figures."""
