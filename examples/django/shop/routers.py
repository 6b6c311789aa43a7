class CatalogueRouter:
    """Keeps the app `catalogue` in the database of that name, and everything else out of it."""

    label = "catalogue"

    def db_for_read(self, model, **hints):
        return self.label if model._meta.app_label == self.label else None

    db_for_write = db_for_read

    def allow_migrate(self, db, app_label, **hints):
        return (db == self.label) == (app_label == self.label)
