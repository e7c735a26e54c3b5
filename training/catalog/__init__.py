"""The teaching as rows: modules, lessons, questions and cards, loaded from `training/content/`.
Must not know who learns (that is `progress`). Doors: `engine`, `queries`, `services`, `web`,
`manage.py training`.
"""
