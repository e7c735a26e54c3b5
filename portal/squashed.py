"""Migrations that make all tables of a room in one step, or change only what models are called."""

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations import Migration
from django.db.migrations.state import ProjectState


class SquashedMigration(Migration):
    """A migration each of whose operations is carried out with the models as all of them leave
    these: such as add models, add fields to those of others, or rename some in the state alone.

    Django builds every related model again after each operation, which is two thirds of the time
    that an empty database takes. Here an initial migration, which only adds models, builds these;
    another one builds all models once.
    """

    def apply(
        self,
        project_state: ProjectState,
        schema_editor: BaseDatabaseSchemaEditor,
        collect_sql: bool = False,
    ) -> ProjectState:
        """Return the state after all operations, and carry them out."""
        if collect_sql:
            return super().apply(project_state, schema_editor, collect_sql)
        apps, before = project_state.__dict__.pop("apps", None), set(project_state.models)
        for operation in self.operations:
            operation.state_forwards(self.app_label, project_state)
        if apps is not None and self.initial:
            with apps.bulk_update():
                added = project_state.models.keys() - before
                apps.render_multiple([project_state.models[key] for key in sorted(added)])
            project_state.apps = apps
        for operation in self.operations:
            operation.database_forwards(self.app_label, schema_editor, project_state, project_state)
        return project_state


class StateMigration(Migration):
    """A migration whose operations change names of models and fields and no table.

    The models are built again once, when a later migration asks for them, and not after each name.
    """

    def apply(
        self,
        project_state: ProjectState,
        schema_editor: BaseDatabaseSchemaEditor,
        collect_sql: bool = False,
    ) -> ProjectState:
        """Return the state after all operations."""
        project_state.__dict__.pop("apps", None)
        return super().apply(project_state, schema_editor, collect_sql)
