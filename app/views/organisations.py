"""Regions, bureaus, institutions, grants, schools (ORG)."""

from __future__ import annotations

from typing import Any, TypeAlias

from flask import flash, redirect, request, url_for
from flask_appbuilder.actions import action
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, select
from wtforms import StringField
from wtforms.validators import Length, Optional

from app.domain.terms import OrganisationStatus, Ownership, RegionLevel, SchoolKind
from app.domain.text import N_
from app.models import Bureau, Enrollment, Institution, Programme, Region, RegionGrant, School, TrainingClass
from app.services.grant_overview import history, standing_sets
from app.services.organisations import create_organisation, set_suspended
from app.views.fab import RecordView, Related, WithRelated, choice, contains, related, subtree
from app.views.fab.forms import RecordForm
from app.web.actors import current_vault

Rows: TypeAlias = list[Any]  # inside the classes `list` is the list page
CONTACT = ("contact_name", "contact_phone", "address", "status")
SUSPEND = _l("The chosen ones take part in nothing until they resume; their records and accounts stay.")


def below(model: type[Any], *, itself: bool = True) -> Any:
    """Return what narrows `model` to the region of a bureau and everything under it."""

    def narrow(row: Bureau) -> ColumnElement[bool]:
        regions = select(Region.id).where(Region.path.startswith(row.region.path, autoescape=True))
        inside: ColumnElement[bool] = model.region_id.in_(regions)
        return inside if itself else inside & (model.region_id != row.region_id)

    return narrow


def in_region(row: Any) -> dict[str, Any]:
    """Return the filter of a list on the region of `row`."""
    return {"region": row.region_id}


class OrganisationView(WithRelated, RecordView):
    """What bureaus, institutions and schools have in common: an administrator made with them, letting many rest."""

    method_permission_name = {"suspend": "edit", "resume": "edit"}

    def form_class(self, names: tuple[str, ...]) -> type[RecordForm]:
        """Return the form; a new organisation is offered an administrator's account (ORG-3)."""
        made = super().form_class(names)
        if request.endpoint != f"{self.endpoint}.add" or not self.actor.may("create", "Account"):
            return made
        field = StringField(
            _("User name of the administrator"), [Optional(), Length(max=64)], filters=[_trimmed],
            description=_("Filled in: the account that keeps it is created as well. Empty: no account yet."),
        )  # fmt: skip
        return type("NewOrganisationForm", (made,), {"administrator": field})

    def save_new(self, form: RecordForm) -> Any:
        """Create the organisation, and its administrator when one was named."""
        values = form.values()
        username = values.pop("administrator", None)
        made = create_organisation(self.model, values, actor=self.actor, vault=current_vault(), administrator=username)
        if made.account is not None:
            flash(_("The account “%(username)s” was created; its first password is in the list of unused first "
                    "passwords.", username=made.account.username), "info")  # fmt: skip
        return made.organisation

    @action("suspend", _l("Suspend"), SUSPEND, "ti-player-pause", single=False)
    def suspend(self, rows: Rows) -> None:
        """Let the chosen ones rest."""
        count = set_suspended(self.model, [row.id for row in rows], True, actor=self.actor)
        flash(_("Suspended: %(count)d", count=count), "success")

    @action("resume", _l("Resume"), _l("The chosen ones take part again."), "ti-player-play", single=False)
    def resume(self, rows: Rows) -> None:
        """Let the chosen ones work again."""
        count = set_suspended(self.model, [row.id for row in rows], False, actor=self.actor)
        flash(_("Resumed: %(count)d", count=count), "success")


def _trimmed(value: Any) -> Any:
    return (value or "").strip() or None


class RegionView(RecordView):
    """The region tree; it changes by import only, for codes are the state's."""

    model = Region
    editable = False
    order_by = "path"
    list_columns = ["code", "name", "level", "parent"]
    filters = (contains("name", "code", label=N_("Name or code")), choice("level", RegionLevel))


class BureauView(OrganisationView):
    """Education bureaus of the subtree."""

    model = Bureau
    order_by = "code"
    list_columns = ["code", "name", "region", "contact_name", "contact_phone", "status"]
    show_columns = [*list_columns, "address", "created_at", "updated_at"]
    form_columns = ("code", "name", "region", *CONTACT)
    filters = (contains("name", "code", label=N_("Name or code")), subtree(), choice("status", OrganisationStatus))
    related = (
        Related("schools", N_("Schools"), "SchoolView", in_region, narrow=below(School)),
        Related("institutions", N_("Institutions"), "InstitutionView", in_region, narrow=below(Institution)),
        Related("bureaus", N_("Lower bureaus"), "BureauView", in_region, narrow=below(Bureau, itself=False)),
        Related("accounts", N_("Sign-in accounts"), "AccountView", lambda row: {"bureau": row.id}, key="bureau_id"),
    )


class InstitutionView(OrganisationView):
    """Training institutions of the subtree."""

    model = Institution
    order_by = "code"
    list_columns = ["code", "name", "region", "contact_name", "contact_phone", "status"]
    show_columns = [*list_columns, "address", "introduction", "created_at", "updated_at"]
    form_columns = ("code", "name", "region", *CONTACT, "introduction")
    filters = (contains("name", "code", label=N_("Name or code")), subtree(), choice("status", OrganisationStatus))
    show_template = "grants/show.html"
    related = (
        Related("grants", N_("Region grants"), "RegionGrantView", lambda row: {"institution": row.id},
                key="institution_id"),
        Related("programmes", N_("Programmes"), "ProgrammeView", lambda row: {"institution": row.id},
                narrow=lambda row: Programme.institution_id == row.id),
        Related("classes", N_("Classes"), "TrainingClassView", lambda row: {"institution": row.id},
                narrow=lambda row: TrainingClass.institution_id == row.id),
        Related("accounts", N_("Sign-in accounts"), "AccountView", lambda row: {"institution": row.id},
                key="institution_id"),
    )  # fmt: skip

    def show_extras(self, row: Institution) -> dict[str, Any]:
        """Return the tabs, and the regions granted by validity for the facts."""
        extras = super().show_extras(row)
        if extras["opened"].name == "about" and self.actor.may("read", "RegionGrant"):
            extras["sets"] = standing_sets(history(actor=self.actor, institution_id=row.id))
        return extras

    @action("grant", N_("Grant regions"), icon="map-2", single=False)
    def grant(self, rows: Rows) -> Any:
        """Go on to the tree for the chosen institutions (ORG-4)."""
        return redirect(url_for("GrantPage.choose", institutions=",".join(str(row.id) for row in rows)))


class RegionGrantView(RecordView):
    """Region grants with their history; granting is a verb of its own."""

    model = RegionGrant
    editable = False
    list_columns = ["institution", "region", "valid_from", "valid_to", "revoked_at"]
    show_columns = [*list_columns, "reason", "created_at"]
    filters = (related("institution", Institution), subtree())


class SchoolView(OrganisationView):
    """Schools of the subtree."""

    model = School
    import_sheet = "schools"
    order_by = "code"
    list_columns = ["code", "name", "region", "kind", "ownership", "stages", "status"]
    show_columns = [*list_columns, "contact_name", "contact_phone", "address", "staff_count", "merged_into"]
    form_columns = ("code", "name", "region", "kind", "stages", "ownership", *CONTACT)
    filters = (
        contains("name", "code", label=N_("Name or code")),
        subtree(),
        choice("kind", SchoolKind),
        choice("ownership", Ownership),
        choice("status", OrganisationStatus),
    )
    show_template = "schools/show.html"
    related = (
        Related("teachers", N_("Teachers"), "TeacherView", lambda row: {"school": row.id}, key="school_id"),
        Related("enrollments", N_("Enrollments"), "EnrollmentView", lambda row: {"school": row.id},
                narrow=lambda row: Enrollment.school_id == row.id),
        Related("accounts", N_("Sign-in accounts"), "AccountView", lambda row: {"school": row.id}, key="school_id"),
        Related("predecessors", N_("Merged into it"), "SchoolView",
                lambda row: {"region": row.region_id, "status": OrganisationStatus.MERGED.value},
                narrow=lambda row: School.merged_into_id == row.id, rare=True),
    )  # fmt: skip

    def show_extras(self, row: School) -> dict[str, Any]:
        """Return the tabs, and whether the reader merges and splits schools."""
        return {**super().show_extras(row), "may_merge": self.actor.may("merge", "School")}

    @action("merge", N_("Merge"), icon="ti-git-merge", single=False)
    def merge(self, rows: Rows) -> Any:
        """Go on to the page that merges the chosen schools (ORG-5)."""
        return redirect(url_for("SchoolChangePage.merge", schools=",".join(str(row.id) for row in rows)))


VIEWS = (RegionView, BureauView, InstitutionView, RegionGrantView, SchoolView)
