"""Writes `corpora.generator.code` out as text of one language."""

from __future__ import annotations

from corpora.generator.code import Constant, Function, Kind, Layout, SourceFile, Statement, Type
from corpora.generator.syntax import IN_TYPES, Syntax
from corpora.generator.vocabulary import camel

_FORMATTED = {Kind.PIPE, Kind.EACH, Kind.TIMES, Kind.TRY}
_FIRST_BLOCK = Kind.IF


def render(file: SourceFile, syntax: Syntax, package: str) -> bytes:
    """The file's bytes: header, package line, imports, constants, then types and functions."""
    lines = [_comment(line, syntax) for line in file.header]
    if syntax.name == "java":
        lines.append(f"package com.{package};\n")
    elif syntax.name == "go":
        lines.append(f"package {package}\n")
    if file.imports and syntax.name == "go":
        lines.extend(("import (", *file.imports, ")"))
    else:
        lines.extend(file.imports)
    gap = [""] * file.layout.blank
    inside_types = syntax.name in IN_TYPES
    if not inside_types:
        for constant in file.constants:
            lines.extend(_constant(constant, syntax, file.layout, ""))
    for position, item in enumerate(file.items):
        lines.extend(gap)
        constants = file.constants if inside_types and position == 0 else ()
        lines.extend(_item(item, syntax, file.layout, constants))
    return ("\n".join(lines) + "\n").encode()


def _item(item: Function | Type, syntax: Syntax, layout: Layout, constants: tuple[Constant, ...]) -> list[str]:
    if isinstance(item, Function):
        return _function(item, syntax, layout, "", "")
    return _type(item, syntax, layout, "", constants)


def _comment(text: str, syntax: Syntax) -> str:
    return syntax.simple[Kind.COMMENT] % text


def _constant(constant: Constant, syntax: Syntax, layout: Layout, pad: str) -> list[str]:
    doc = [pad + _comment(constant.doc, syntax)] if constant.doc else []
    if len(constant.values) == 1:
        return [*doc, pad + syntax.constant % {"NAME": constant.name, "value": constant.values[0]}]
    start, entry, end = syntax.table
    rows = [pad + layout.indent + entry % value for value in constant.values]
    return [*doc, pad + start % {"NAME": constant.name}, *rows, pad + end]


def type_of(name: str, syntax: Syntax) -> str:
    """The type that a value of this name has wherever it appears: types follow names."""
    return syntax.types[(len(name) * 31 + ord(name[0]) + ord(name[-1])) % len(syntax.types)]


def _parameters(function: Function, syntax: Syntax, receiver: str) -> str:
    written = [syntax.parameter % {"name": name, "type": type_of(name, syntax)} for name in function.parameters]
    text = ", ".join([receiver, *written] if receiver else written)
    return text or ("void" if syntax.name == "c" else "")


def _documentation(doc: tuple[str, ...], syntax: Syntax, pad: str) -> list[str]:
    if not doc:
        return []
    if not syntax.block_doc:
        return [f"{pad}{syntax.doc_comment}{line}" for line in doc]
    if syntax.doc_inside:
        if len(doc) == 1:
            return [f'{pad}"""{doc[0]}."""']
        return [f'{pad}"""{doc[0]}.', "", *(f"{pad}{line}" for line in doc[1:]), f'{pad}"""']
    return [f"{pad}/**", *(f"{pad} * {line}" for line in doc), f"{pad} */"]


def _function(function: Function, syntax: Syntax, layout: Layout, pad: str, owner: str) -> list[str]:
    templates = syntax.method if owner else syntax.function
    header = templates[function.traits % len(templates)] % {
        "name": function.name,
        "parameters": _parameters(function, syntax, syntax.receiver if owner else ""),
        "type": syntax.types[function.traits // 64 % len(syntax.types)],  # not by name: renaming must not change it
        "owner": owner,
    }
    inner = pad + layout.indent
    lines: list[str] = []
    if not syntax.doc_inside:
        lines.extend(_documentation(function.doc, syntax, pad))
    if not syntax.braces:
        if function.traits % 23 == 0:
            lines.append(f"{pad}@cache" if not owner else f"{pad}@property")
        lines.extend((f"{pad}{header}:", *_documentation(function.doc, syntax, inner)))
    elif layout.brace_below or syntax.name == "c":
        lines.extend((pad + header, pad + "{"))
    else:
        lines.append(f"{pad}{header} {{")
    _statements(function.body, syntax, layout, inner, lines)
    if syntax.braces:
        lines.append(pad + "}")
    return lines


def _statements(body: tuple[Statement, ...], syntax: Syntax, layout: Layout, pad: str, lines: list[str]) -> None:
    simple = syntax.simple
    for kind, slots, inner, other in body:
        if kind < _FIRST_BLOCK:
            template = simple[kind]
            if kind < Kind.BLANK:
                lines.append(pad + (template.format(*slots) if kind == Kind.PIPE else template % slots))
            elif kind == Kind.BLANK:
                lines.append("")
            else:
                lines.append(pad + (template % slots).replace("\n", "\n" + pad))
        else:
            _block(Statement(kind, slots, inner, other), syntax, layout, pad, lines)


def _block(statement: Statement, syntax: Syntax, layout: Layout, pad: str, lines: list[str]) -> None:
    kind, slots, inner, other = statement
    opening, middle = syntax.blocks[kind - _FIRST_BLOCK]
    head = opening.format(*slots) if kind in _FORMATTED else opening % slots
    deeper = pad + layout.indent
    if not syntax.braces:
        lines.append(pad + head)
        _statements(inner, syntax, layout, deeper, lines)
        if other:
            lines.append(pad + middle.format(*slots))
            _statements(other, syntax, layout, deeper, lines)
        return
    below = layout.brace_below and syntax.may_lower_brace
    lines.extend((pad + head, pad + "{") if below else (f"{pad}{head} {{",))
    _statements(inner, syntax, layout, deeper, lines)
    if other:
        between = middle.format(*slots)
        lines.extend((pad + "}", pad + between, pad + "{") if below else (f"{pad}}} {between} {{",))
        _statements(other, syntax, layout, deeper, lines)
    lines.append(pad + "}")


def _type(item: Type, syntax: Syntax, layout: Layout, pad: str, constants: tuple[Constant, ...] = ()) -> list[str]:
    writer = {"python": _python_type, "go": _go_type, "c": _c_type, "rust": _rust_type}.get(syntax.name, _class)
    lines = [] if syntax.doc_inside else _documentation(item.doc, syntax, pad)
    lines.extend(writer(item, syntax, layout, pad))
    if constants:
        rows = [row for constant in constants for row in _constant(constant, syntax, layout, pad + layout.indent)]
        opened = next(number for number, line in enumerate(lines) if line.endswith("{"))
        lines[opened + 1 : opened + 1] = rows
    return lines


def _members(item: Type, syntax: Syntax, layout: Layout, pad: str, owner: str) -> list[str]:
    lines: list[str] = []
    for position, member in enumerate(item.members):
        if position:
            lines.append("")
        if isinstance(member, Type):
            lines.extend(_type(member, syntax, layout, pad))
        else:
            lines.extend(_function(member, syntax, layout, pad, owner))
    return lines


def _python_type(item: Type, syntax: Syntax, layout: Layout, pad: str) -> list[str]:
    inner = pad + layout.indent
    lines = [f"{pad}class {item.name}({item.kind}):" if item.kind != "class" else f"{pad}class {item.name}:"]
    lines.extend(_documentation(item.doc, syntax, inner))
    lines.extend(f"{inner}{name}: {type_of(name, syntax)}" for name in item.fields)
    members = _members(item, syntax, layout, inner, item.name)
    if members and item.fields:
        lines.append("")
    lines.extend(members)
    return lines if len(lines) > 1 else [*lines, f"{inner}pass"]


def _class(item: Type, syntax: Syntax, layout: Layout, pad: str) -> list[str]:
    inner = pad + layout.indent
    static = "public " if not pad else "static "
    public = {"java": static, "c_sharp": "public ", "typescript": "export " if not pad else ""}
    head = f"{pad}{public.get(syntax.name, '')}class {item.name}"
    lines = [head, pad + "{"] if layout.brace_below else [f"{head} {{"]
    for name in item.fields:
        if syntax.name in IN_TYPES:
            lines.append(f"{inner}private {type_of(name, syntax)} {name};")
        elif syntax.name == "typescript":
            lines.append(f"{inner}private {name}: {type_of(name, syntax)};")
        else:
            lines.append(f"{inner}{name} = null;")
    if item.fields and item.members:
        lines.append("")
    lines.extend(_members(item, syntax, layout, inner, item.name))
    return [*lines, pad + "}"]


def _go_type(item: Type, syntax: Syntax, layout: Layout, pad: str) -> list[str]:
    lines = [f"type {item.name} struct {{"]
    lines.extend(f"{layout.indent}{name} {type_of(name, syntax)}" for name in item.fields)
    lines.append("}")
    for member in item.members:
        if isinstance(member, Function):
            lines.extend(("", *_function(member, syntax, layout, pad, item.name)))
    return lines


def _c_type(item: Type, syntax: Syntax, layout: Layout, pad: str) -> list[str]:
    fields = [f"{layout.indent}{type_of(name, syntax)} {name};" for name in item.fields]
    return [f"{pad}struct {item.name} {{", *fields, f"{pad}}};"]


def _rust_type(item: Type, syntax: Syntax, layout: Layout, pad: str) -> list[str]:
    written = ((name, type_of(name, syntax).replace("&str", "Box<str>")) for name in item.fields)
    fields = [f"{layout.indent}pub {name}: {kind}," for name, kind in written]
    lines = [f"{pad}pub struct {item.name} {{", *fields, pad + "}"]
    if item.members:
        members = _members(item, syntax, layout, pad + layout.indent, item.name)
        lines.extend(("", f"impl {item.name} {{", *members, "}"))
    return lines


def constant_name(name: str) -> str:
    """A name as constants write it: `MAX_ITEMS`."""
    return name.upper()


def value_name(name: str, syntax: Syntax) -> str:
    """A snake-case name in the language's own case."""
    return camel(name) if syntax.camel else name
