"""Where a grammar keeps the parameters and the return type of a definition: its fields and kinds of node, by number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tree_sitter import Language

_PARAMETER_FIELDS: Final = ("parameters", "parameter", "patterns", "arguments")
_RETURN_FIELDS: Final = ("return_type", "result", "returns", "type")
_VALUE_FIELDS: Final = ("value", "right")
_INNER_FIELDS: Final = ("declarator", "value", "right", "body")
_PARAMETER_LISTS: Final = frozenset(
    {
        "parameter_list",
        "parameters",
        "formal_parameters",
        "function_value_parameters",
        "class_parameters",
        "argument_list",
        "signature",
        "function_arguments",
        "method_parameters",
    }
)
_SINGLE_PARAMETERS: Final = frozenset({"parameter", "method_parameter", "class_parameter", "lambda_parameter"})
_WITH_DEFAULTS: Final = frozenset({"function_value_parameters"})  # Kotlin's: defaults stand beside their parameters
_NO_PARAMETER: Final = frozenset({"comment", "line_comment", "block_comment", "ERROR"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Shapes:
    """Fields in the order they are asked for, those that the grammar lacks left out; kinds of node."""

    parameter_fields: tuple[int, ...]
    return_fields: tuple[int, ...]
    value_fields: tuple[int, ...]
    inner_fields: tuple[int, ...]
    parameter_lists: frozenset[int]
    single_parameters: frozenset[int]
    with_defaults: frozenset[int]
    no_parameter: frozenset[int]


def shapes_of(language: Language) -> Shapes:
    """The shapes of one grammar."""
    return Shapes(
        parameter_fields=_fields(language, _PARAMETER_FIELDS),
        return_fields=_fields(language, _RETURN_FIELDS),
        value_fields=_fields(language, _VALUE_FIELDS),
        inner_fields=_fields(language, _INNER_FIELDS),
        parameter_lists=_kinds(language, _PARAMETER_LISTS),
        single_parameters=_kinds(language, _SINGLE_PARAMETERS),
        with_defaults=_kinds(language, _WITH_DEFAULTS),
        no_parameter=_kinds(language, _NO_PARAMETER),
    )


def _fields(language: Language, names: tuple[str, ...]) -> tuple[int, ...]:
    numbers = (language.field_id_for_name(name) for name in names)
    return tuple(number for number in numbers if number is not None)


def _kinds(language: Language, names: frozenset[str]) -> frozenset[int]:
    errors = {_ERROR} if "ERROR" in names else set()
    return frozenset(
        {kind for kind in range(language.node_kind_count) if language.node_kind_for_id(kind) in names} | errors
    )


_ERROR: Final = 0xFFFF  # ts_builtin_sym_error, in no table
