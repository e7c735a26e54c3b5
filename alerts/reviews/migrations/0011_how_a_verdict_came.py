from django.db import migrations, models


class Migration(migrations.Migration):
    """How a verdict came: by a page, a token or a file."""

    dependencies = [("reviews", "0010_views_for_other_rooms")]
    operations = [
        migrations.AddField(
            model_name="annotation",
            name="came_by",
            field=models.CharField(
                choices=[("page", "A page"), ("token", "A program with a token"), ("file", "A file")],
                db_default="page",
                default="page",
                max_length=5,
            ),
        ),
    ]
