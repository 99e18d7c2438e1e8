"""What else is open for whoever lost a class (ENR-13)."""

from __future__ import annotations

from typing import Any

from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access
from flask_babel import gettext as _

from app.models import TrainingClass
from app.security.scope import fetch_visible
from app.services.class_facts import counts_of
from app.services.enrollment_facts import cases
from app.services.lookalikes import like
from app.views.fab import PageView
from app.web.i18n import sentence

SHOWN = 12


class LookalikePage(PageView):
    """Open classes like one; a teacher sees what speaks against each."""

    resource = "TrainingClass"
    route_base = "/look-alikes"
    default_view = "show"
    method_permission_name = {"show": "read"}

    @expose("/<int:pk>")
    @has_access
    def show(self, pk: int) -> Any:
        """List the classes most like this one."""
        row = fetch_visible(TrainingClass, pk, actor=self.actor)
        others = like(row, SHOWN)
        return self.render_template(
            "draws/lookalikes.html", title=_("Open classes like it"), row=row, others=others,
            counts=counts_of([one.id for one in others]), reasons=self._reasons(others, row),
        )  # fmt: skip

    def _reasons(self, others: Any, row: TrainingClass) -> dict[int, list[str]]:
        """Return class → why the teacher cannot enroll in it now; nothing for who is no teacher."""
        teacher = self.actor.teacher_id
        if teacher is None:
            return {}
        found = cases([teacher], [one.id for one in others], row.batch_id)
        return {class_id: [sentence(p) for p in case.refusals] for (_teacher, class_id), case in found.items()}


VIEWS = (LookalikePage,)
