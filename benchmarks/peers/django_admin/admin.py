"""The teacher list as one would write it: related rows joined, search, filters, a bureau's own subtree."""

from __future__ import annotations

from typing import Any

from django.contrib import admin

from benchmarks.peers.django_admin.models import Teacher

CITY = "/330000/330100/"


@admin.register(Teacher)
class TeacherAdmin(admin.ModelAdmin):
    """Teachers."""

    list_display = ("teacher_number", "name", "gender", "school", "stage", "subject", "title", "status")
    list_select_related = ("school", "stage", "subject", "title")
    list_filter = ("gender", "status")
    search_fields = ("name", "teacher_number")
    ordering = ("teacher_number",)
    list_per_page = 25

    def get_queryset(self, request: Any) -> Any:
        """Leave a city bureau its subtree."""
        rows = super().get_queryset(request).filter(deleted_at=None)
        if request.user.username == "hangzhou":
            return rows.filter(school__region__path__startswith=CITY)
        return rows
