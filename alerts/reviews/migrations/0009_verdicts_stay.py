from django.db import migrations

FORWARD = """
SET LOCAL lock_timeout = '3s';
SELECT others_may('reviews_annotation', 'SELECT, INSERT, UPDATE');
SELECT others_may('reviews_annotation_incidents', 'SELECT, INSERT');
"""
BACK = """
SELECT others_may('reviews_annotation', 'SELECT, INSERT, UPDATE, DELETE');
SELECT others_may('reviews_annotation_incidents', 'SELECT, INSERT, UPDATE, DELETE');
"""


class Migration(migrations.Migration):
    """The role of the application removes no verdict, nor takes an incident out of one."""

    dependencies = [("reviews", "0008_verdicts_are_written_once")]
    operations = [migrations.RunSQL(FORWARD, BACK)]
