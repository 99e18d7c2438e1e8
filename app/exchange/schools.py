"""The sheet of schools (ORG-5)."""

from __future__ import annotations

from app.domain.terms import Ownership, SchoolKind
from app.domain.text import N_
from app.exchange.columns import ChoiceColumn, Column, DigitsColumn, RegionColumn, SeveralColumn
from app.exchange.records import RecordTarget
from app.exchange.sheets import Sheet, register
from app.models import School, Stage


class SchoolTarget(RecordTarget):
    """Schools, known by their code."""

    model = School
    loads = ("stages",)


SCHOOLS = register(
    Sheet(
        name="schools",
        label=N_("Schools"),
        resource="School",
        about=N_("One row per school, found by its code: a known code changes that school, a new one adds it."),
        keys=("code",),
        target=SchoolTarget,
        list_endpoint="SchoolView.list",
        ignored=(N_("Status"), N_("Teachers on record"), N_("Merged into")),
        columns=(
            DigitsColumn(name="code", title=N_("Code"), required=True, most=32, width=16, example="330106901",
                         aliases=("学校代码", "学校编码", "标识码", "学校标识码", "School code"),
                         note=N_("The school's code. It stays the same for ever.")),
            Column(name="name", title=N_("Name"), required=True, most=100, width=30,
                   example=N_("Sample primary school"), aliases=("学校名称", "学校", "校名", "School name")),
            RegionColumn(name="region", title=N_("Region"), required=True, width=28, example="330106",
                         aliases=("所在地区", "所属地区", "行政区划", "区县", "县市区", "地区代码"),
                         note=N_("The code, or province/city/county. Only regions of yours.")),
            ChoiceColumn(name="kind", title=N_("Kind of school"), required=True, kind=SchoolKind, width=16,
                         example=SchoolKind.PRIMARY.label, aliases=("学校类型", "学校类别", "办学类型", "类型")),
            SeveralColumn(name="stages", title=N_("School stages"), model=Stage, width=20,
                          aliases=("学段", "办学学段"), note=N_("Several are separated by 、 or a comma.")),
            ChoiceColumn(name="ownership", title=N_("Ownership"), kind=Ownership, width=12,
                         example=Ownership.PUBLIC.label, aliases=("办学性质", "性质", "公办民办", "举办者")),
            Column(name="contact_name", title=N_("Contact person"), most=50, width=14,
                   aliases=("联系人姓名", "负责人")),
            DigitsColumn(name="contact_phone", title=N_("Contact phone"), most=32, width=18,
                         aliases=("电话", "联系方式", "手机")),
            Column(name="address", title=N_("Address"), most=200, width=36, aliases=("学校地址", "通讯地址")),
        ),
    )
)  # fmt: skip
