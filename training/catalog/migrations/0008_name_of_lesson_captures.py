from django.db import migrations


class Migration(migrations.Migration):
    """`Capture` is what people attach to incidents; that of a lesson is a `LessonCapture`. The
    table keeps its name.
    """

    dependencies = [
        ('catalog', '0007_edited_learning_paths'),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RenameModel('Capture', 'LessonCapture'),
                migrations.AlterModelTable('lessoncapture', 'catalog_capture'),
            ],
        ),
    ]
