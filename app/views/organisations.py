"""Regions, bureaus, institutions, grants, schools (ORG)."""

from __future__ import annotations

from typing import Any

from flask import redirect, url_for
from flask_appbuilder.actions import action

from app.domain.terms import OrganisationStatus, Ownership, RegionLevel, SchoolKind
from app.domain.text import N_
from app.models import Bureau, Institution, Region, RegionGrant, School
from app.views.fab import RecordView, choice, contains, related, subtree

CONTACT = ("contact_name", "contact_phone", "address", "status")


class RegionView(RecordView):
    """The region tree; it changes by import only, for codes are the state's."""

    model = Region
    editable = False
    order_by = "path"
    list_columns = ["code", "name", "level", "parent"]
    filters = (contains("name", "code", label=N_("Name or code")), choice("level", RegionLevel))


class BureauView(RecordView):
    """Education bureaus of the subtree."""

    model = Bureau
    order_by = "code"
    list_columns = ["code", "name", "region", "contact_name", "contact_phone", "status"]
    show_columns = [*list_columns, "address", "created_at", "updated_at"]
    form_columns = ("code", "name", "region", *CONTACT)
    filters = (contains("name", "code", label=N_("Name or code")), subtree(), choice("status", OrganisationStatus))


class InstitutionView(RecordView):
    """Training institutions of the subtree."""

    model = Institution
    order_by = "code"
    list_columns = ["code", "name", "region", "contact_name", "contact_phone", "status"]
    show_columns = [*list_columns, "address", "introduction", "created_at", "updated_at"]
    form_columns = ("code", "name", "region", *CONTACT, "introduction")
    filters = (contains("name", "code", label=N_("Name or code")), subtree(), choice("status", OrganisationStatus))
    show_template = "grants/show.html"

    @action("grant", N_("Grant regions"), icon="map-2", single=False)
    def grant(self, rows: list[Institution]) -> Any:
        """Go on to the tree for the chosen institutions (ORG-4)."""
        return redirect(url_for("GrantPage.choose", institutions=",".join(str(row.id) for row in rows)))


class RegionGrantView(RecordView):
    """Region grants with their history; granting is a verb of its own."""

    model = RegionGrant
    editable = False
    list_columns = ["institution", "region", "valid_from", "valid_to", "revoked_at"]
    show_columns = [*list_columns, "reason", "created_at"]
    filters = (related("institution", Institution), subtree())


class SchoolView(RecordView):
    """Schools of the subtree."""

    model = School
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


VIEWS = (RegionView, BureauView, InstitutionView, RegionGrantView, SchoolView)
