"""The extensions, made once and bound to an application by `create_app`."""

from __future__ import annotations

from typing import Any

from flask_appbuilder import Model
from flask_appbuilder.models.sqla.base import SQLA
from flask_migrate import Migrate
from flask_wtf.csrf import CSRFProtect

# Named constraints: migrations can drop them, and services can tell a person which rule a row broke.
# Set before any table is declared, so that the framework's own tables follow it too.
Model.metadata.naming_convention = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

db = SQLA(model_class=Model)
migrate = Migrate()
csrf = CSRFProtect()


def fetch(statement: Any, parameters: Any = None) -> Any:
    """Return the result of a statement that reads columns, past the session's unit of work: a third of the cost.

    What is pending in the session is written first, as the session itself would, but not within `no_autoflush`. For
    the way that thousands press at once; everything else asks the session.
    """
    session = db.session()
    if session.autoflush:
        session.flush()
    return session.connection().execute(statement, parameters)
