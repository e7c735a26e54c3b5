from django.db import migrations

# A question was answered as a whole, at the moment its verdict was given.
ANSWERS = """
    UPDATE reviews_review_incidents asked SET answer_id = found.annotation_id
    FROM (SELECT DISTINCT ON (a.id) a.id, given.id AS annotation_id
          FROM reviews_review_incidents a
          JOIN reviews_review r ON r.id = a.review_id AND r.state = 'answered'
          JOIN reviews_annotation_incidents about ON about.incident_id = a.incident_id
          JOIN reviews_annotation given ON given.id = about.annotation_id
               AND given.given_at = r.settled_at AND given.withdrawn_at IS NULL
          WHERE a.answer_id IS NULL ORDER BY a.id, given.id) found
    WHERE asked.id = found.id
"""


class Migration(migrations.Migration):

    dependencies = [
        ('reviews', '0003_which_incidents_were_answered'),
    ]

    operations = [migrations.RunSQL(ANSWERS, migrations.RunSQL.noop)]
