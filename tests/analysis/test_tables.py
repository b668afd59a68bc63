from codevault.analysis.analyse import analyse
from codevault.analysis.tables import MAX_CONSTANTS

DEFINES = "".join(f"#define REGISTER_{n} {n}\n" for n in range(MAX_CONSTANTS))
FUNCTION = "int used(void)\n{\n\treturn REGISTER_1;\n}\n"


def test_as_many_constants_as_allowed_are_symbols() -> None:
    found = analyse("registers.h", (DEFINES + FUNCTION).encode())
    assert len(found.symbols) == MAX_CONSTANTS + 1
    assert found.problems == ()


def test_a_table_of_constants_has_no_symbols_and_says_so() -> None:
    found = analyse("registers.h", (DEFINES + "#define ONE_MORE 1\n" + FUNCTION).encode())
    assert [symbol.qualified_name for symbol in found.symbols] == ["used"]
    assert found.problems == ("1001 one-line constants are a table: searched as text, no symbols",)


def test_what_stands_around_a_table_keeps_its_containers() -> None:
    members = "".join(f"    static final int C{n} = {n};\n" for n in range(MAX_CONSTANTS + 1))
    found = analyse("Table.java", f"class Table {{\n{members}    int of(int n) {{ return n; }}\n}}\n".encode())
    assert [(symbol.qualified_name, symbol.parent) for symbol in found.symbols] == [("Table", -1), ("Table.of", 0)]
