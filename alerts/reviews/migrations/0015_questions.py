import django.db.models.deletion
from django.db import migrations, models
from portal.squashed import StateMigration


def to_question(**more):
    return models.ForeignKey(db_column='review_id', to='reviews.question', **more)


class Migration(StateMigration):
    """A review is called a question, as on its pages. Tables and columns keep their names."""

    dependencies = [
        ('reviews', '0014_verdicts'),
        # It names the model by its former name.
        ('patterns', '0006_questions_of_the_plan'),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RenameModel('Review', 'Question'),
                migrations.AlterModelTable('question', 'reviews_review'),
                migrations.RenameField('question', 'question', 'text'),
                migrations.AlterField(
                    'question', 'text', models.CharField(db_column='question', max_length=500)
                ),
                migrations.RenameField('askedincident', 'review', 'question'),
                migrations.AlterField(
                    'askedincident',
                    'question',
                    to_question(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name='asked_incidents',
                    ),
                ),
                migrations.AlterField(
                    'question',
                    'incidents',
                    models.ManyToManyField(
                        related_name='questions',
                        through='reviews.AskedIncident',
                        to='incidents.incident',
                    ),
                ),
                migrations.RenameField('verdict', 'review', 'question'),
                migrations.AlterField(
                    'verdict',
                    'question',
                    to_question(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name='verdicts',
                    ),
                ),
            ],
        ),
    ]
