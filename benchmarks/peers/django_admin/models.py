"""The tables of the platform that the teacher list needs."""

from __future__ import annotations

from django.db import models


class Named(models.Model):
    """A row that is shown by its name."""

    name = models.CharField(max_length=100)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name


class Region(Named):
    """A region."""

    path = models.CharField(max_length=64)

    class Meta:
        db_table, managed = "region", False


class School(Named):
    """A school."""

    region = models.ForeignKey(Region, models.DO_NOTHING)

    class Meta:
        db_table, managed = "school", False


class Stage(Named):
    """A school stage."""

    class Meta:
        db_table, managed = "stage", False


class Subject(Named):
    """A subject."""

    class Meta:
        db_table, managed = "subject", False


class ProfessionalTitle(Named):
    """A professional title."""

    class Meta:
        db_table, managed = "professional_title", False


class Teacher(Named):
    """A teacher."""

    teacher_number = models.CharField(max_length=20, unique=True)
    gender = models.CharField(max_length=32, choices=[("male", "男"), ("female", "女")])
    school = models.ForeignKey(School, models.DO_NOTHING, null=True)
    stage = models.ForeignKey(Stage, models.DO_NOTHING, null=True)
    subject = models.ForeignKey(Subject, models.DO_NOTHING, null=True)
    title = models.ForeignKey(ProfessionalTitle, models.DO_NOTHING, null=True)
    status = models.CharField(
        max_length=32,
        choices=[("employed", "在职"), ("unattached", "自由人"), ("seconded", "交流"), ("left", "离职")],
    )
    deleted_at = models.DateTimeField(null=True)

    class Meta:
        db_table, managed = "teacher", False
