from django.db import migrations, models
from django.db.models import Q

FORWARD = """
SET LOCAL lock_timeout = '3s';
CREATE OR REPLACE VIEW reviews_verdicts WITH (security_invoker = true) AS SELECT
    id, uuid, review_id, verdict, cause, by_id, given_at, key, act, superseded_by_id,
    withdrawn_at, came_by
FROM reviews_annotation;
"""
BACK = """
DROP VIEW reviews_verdicts;
CREATE VIEW reviews_verdicts WITH (security_invoker = true) AS SELECT
    id, uuid, review_id, verdict, cause, by_id, given_at, key, act, superseded_by_id,
    withdrawn_at
FROM reviews_annotation;
"""


class Migration(migrations.Migration):
    """A verdict came by one way, and other rooms may ask by which."""

    dependencies = [("reviews", "0012_how_verdicts_of_before_came")]
    operations = [
        migrations.AddConstraint(
            model_name="annotation",
            constraint=models.CheckConstraint(
                condition=Q(("came_by__in", ("page", "token", "file"))),
                name="a_verdict_comes_by_page_token_or_file",
            ),
        ),
        migrations.AddConstraint(
            model_name="annotation",
            constraint=models.CheckConstraint(
                condition=Q(("came_by", "file"), ("imported_at__isnull", False))
                | (~Q(("came_by", "file")) & Q(("imported_at", None))),
                name="a_verdict_of_a_file_has_its_time",
            ),
        ),
        migrations.RunSQL(FORWARD, BACK),
    ]
