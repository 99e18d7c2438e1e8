"""Every number and switch the province sets, as data (P1 to P32).

The parameter page, the check of what is typed, the copy of last year's values and `Policy` all read this one list.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from app.domain.parameter_shapes import (
    EditableField,
    Parameter,
    ParameterGroup,
    ParameterKind,
    PlanFileType,
    Unit,
    Value,
)
from app.domain.parameters_platform import PLATFORM
from app.domain.parameters_yearly import YEARLY

__all__ = [
    "PARAMETERS", "EditableField", "Parameter", "ParameterGroup", "ParameterKind", "PlanFileType", "Unit", "Value",
    "of_group",
]  # fmt: skip

PARAMETERS: Mapping[str, Parameter] = {
    **{parameter.name: parameter for parameter in YEARLY},
    **{parameter.name: replace(parameter, per_year=False) for parameter in PLATFORM},
}


def of_group(group: ParameterGroup) -> tuple[Parameter, ...]:
    """Return the parameters of one part of the parameter page, in their order."""
    return tuple(parameter for parameter in PARAMETERS.values() if parameter.group is group)
