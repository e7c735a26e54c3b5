from django.db import migrations, models
from django.db.models import Q
from portal.squashed import StateMigration


class Migration(StateMigration):
    """A verdict's kind is called so. Its column keeps the old name: views and SQL read it."""

    dependencies = [('reviews', '0015_questions')]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RemoveConstraint('verdict', 'suspicious_says_why'),
                migrations.RemoveIndex('verdict', 'annotations_suspicious'),
                migrations.RenameField('verdict', 'verdict', 'kind'),
                migrations.AlterField(
                    'verdict',
                    'kind',
                    models.CharField(
                        choices=[
                            ('routine', 'Routine'),
                            ('maintenance', 'Maintenance'),
                            ('suspicious', 'Suspicious'),
                            ('not-sure', 'Not sure'),
                        ],
                        db_column='verdict',
                        max_length=12,
                    ),
                ),
                migrations.AddConstraint(
                    'verdict',
                    models.CheckConstraint(
                        condition=~Q(kind='suspicious') | ~Q(note=''), name='suspicious_says_why'
                    ),
                ),
                migrations.AddIndex(
                    'verdict',
                    models.Index(
                        condition=Q(kind='suspicious', withdrawn_at=None),
                        fields=['given_at'],
                        name='annotations_suspicious',
                    ),
                ),
            ],
        ),
    ]
