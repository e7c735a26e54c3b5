from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    """Find the few suspicious verdicts without reading all."""

    dependencies = [
        ("reviews", "0004_answers_of_old_questions"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="annotation",
            index=models.Index(
                fields=["given_at"],
                condition=Q(verdict="suspicious", withdrawn_at=None),
                name="annotations_suspicious",
            ),
        ),
    ]
