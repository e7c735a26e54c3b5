from django.db import migrations

FORWARD = """
SET LOCAL lock_timeout = '3s';
CREATE VIEW reviews_verdict_alerts WITH (security_invoker = true) AS SELECT
    id, annotation_id, alert_id
FROM reviews_annotation_alerts;
CREATE VIEW reviews_verdict_incidents WITH (security_invoker = true) AS SELECT
    id, annotation_id, incident_id
FROM reviews_annotation_incidents;
CREATE VIEW reviews_verdicts WITH (security_invoker = true) AS SELECT
    id, uuid, review_id, verdict, cause, by_id, given_at, key, act, superseded_by_id,
    withdrawn_at
FROM reviews_annotation;
CREATE VIEW reviews_question_incidents WITH (security_invoker = true) AS SELECT
    id, review_id, incident_id
FROM reviews_review_incidents;
CREATE VIEW reviews_questions WITH (security_invoker = true) AS SELECT
    id, site_id, state, settled_at
FROM reviews_review;
"""
BACK = """
DROP VIEW reviews_verdict_alerts, reviews_verdict_incidents, reviews_verdicts,
    reviews_question_incidents, reviews_questions;
"""


class Migration(migrations.Migration):
    """What other rooms may name in SQL: views of this room's tables with the columns it offers."""

    dependencies = [("reviews", "0009_verdicts_stay")]
    operations = [migrations.RunSQL(FORWARD, BACK)]
