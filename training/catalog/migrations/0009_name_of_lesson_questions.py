from django.db import migrations
from portal.squashed import StateMigration


class Migration(StateMigration):
    """`Question` is what the SOC asks OT; that of a lesson is a `LessonQuestion`. The table keeps
    its name.
    """

    dependencies = [
        ('catalog', '0008_name_of_lesson_captures'),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RenameModel('Question', 'LessonQuestion'),
                migrations.AlterModelTable('lessonquestion', 'catalog_question'),
            ],
        ),
    ]
