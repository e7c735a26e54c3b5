"""`{% load ui %}`: every piece of the kit. The gallery page `/ui/` shows them in every state."""

from django.template import Library

from portal.ui.tags import (
    basics,
    charts,
    forms,
    frame,
    html,
    lists,
    states,
    stories,
    surfaces,
    values,
)

register = Library()

for family in (basics, charts, forms, frame, html, lists, states, stories, surfaces, values):
    register.tags.update(family.register.tags)
    register.filters.update(family.register.filters)
