import django.db.models.deletion
from django.db import migrations, models
from portal.squashed import StateMigration


class Migration(StateMigration):
    """Reviews are called questions, as on their pages. The column keeps its name."""

    dependencies = [
        ('patterns', '0008_uuids_of_verdicts'),
        ('reviews', '0015_questions'),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RenameField('planquestion', 'review', 'question'),
                migrations.AlterField(
                    'planquestion',
                    'question',
                    models.OneToOneField(
                        db_column='review_id',
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name='+',
                        to='reviews.question',
                    ),
                ),
            ],
        ),
    ]
