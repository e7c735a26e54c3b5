import django.db.models.deletion
from django.db import migrations, models

from alerts.patterns.models import check_pattern
from portal.squashed import StateMigration


class Migration(StateMigration):
    """A candidate is called a pattern, as on its pages. Table and columns keep their names."""

    dependencies = [
        ('patterns', '0006_questions_of_the_plan'),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RenameModel('Candidate', 'Pattern'),
                migrations.AlterModelTable('pattern', 'patterns_candidate'),
                migrations.RenameField('pattern', 'pattern', 'definition'),
                migrations.AlterField(
                    'pattern',
                    'definition',
                    models.JSONField(db_column='pattern', validators=[check_pattern]),
                ),
                migrations.RenameField('mining', 'candidates', 'patterns'),
                migrations.AlterField(
                    'mining', 'patterns', models.PositiveIntegerField(db_column='candidates')
                ),
                migrations.RenameField('planquestion', 'candidate', 'pattern'),
                migrations.AlterField(
                    'planquestion',
                    'pattern',
                    models.ForeignKey(
                        db_column='candidate_id',
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name='questions',
                        to='patterns.pattern',
                    ),
                ),
            ],
        ),
    ]
