"""`{{ inventory.rules_error|evidence_words }}`: what a worker wrote, in the reader's language."""

from django.template import Library

from alerts.automation.wording import evidence_words

register = Library()
register.filter("evidence_words", evidence_words)
