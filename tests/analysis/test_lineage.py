from __future__ import annotations

from collections.abc import Sequence

import pytest

from codevault.analysis import lineage, lineage_step
from codevault.analysis.analyse import analyse
from codevault.analysis.lineage import Change, ChangeKind, VersionedSymbol
from corpora.git_symbols import symbols_of_file

SHAPES = """\
LIMIT = 10


class Shape:
    sides = 4

    def area(self, width):
        total = 0
        for part in self.parts(width):
            total += part * 2
        return total

    def name(self):
        return "shape"


def helper(items, key):
    found = [item for item in items if item.key == key]
    return found[0] if found else None
"""


TEXTS: dict[str, bytes] = {}


def one_file(path: str, content: bytes) -> tuple[VersionedSymbol, ...]:
    """The symbols of one analysed file; their texts are kept for `match`."""
    found = symbols_of_file(path, analyse(path, content), content)
    TEXTS.update(found.texts)
    return found.symbols


def version(**files: str) -> tuple[VersionedSymbol, ...]:
    """The symbols of Python files given as module name and source."""
    return tuple(symbol for name, source in files.items() for symbol in one_file(f"{name}.py", source.encode()))


def match(before: Sequence[VersionedSymbol], after: Sequence[VersionedSymbol]) -> tuple[Change, ...]:
    return lineage.match(before, after, texts)


def texts(name: str) -> bytes:
    return TEXTS.get(name, b"")


def told(changes: tuple[Change, ...]) -> list[tuple[str, str, set[str]]]:
    return [
        (
            f"{change.before.path}:{change.before.qualified_name}" if change.before else "",
            f"{change.after.path}:{change.after.qualified_name}" if change.after else "",
            {kind.value for kind in change.kinds},
        )
        for change in changes
    ]


def test_finds_no_change_between_equal_versions() -> None:
    assert match(version(a=SHAPES), version(a=SHAPES)) == ()


def test_finds_no_change_where_only_the_lines_moved() -> None:
    assert match(version(a=SHAPES), version(a="import os\n\n\n" + SHAPES)) == ()


def test_tells_a_changed_body() -> None:
    after = SHAPES.replace("part * 2", "part * 3")

    assert told(match(version(a=SHAPES), version(a=after))) == [("a.py:Shape.area", "a.py:Shape.area", {"body"})]


def test_tells_a_changed_signature_from_a_changed_body() -> None:
    after = SHAPES.replace("area(self, width)", "area(self, width, depth=1)")

    assert told(match(version(a=SHAPES), version(a=after))) == [("a.py:Shape.area", "a.py:Shape.area", {"signature"})]


def test_tells_signature_and_body_when_both_changed() -> None:
    after = SHAPES.replace("area(self, width)", "area(self, wide)").replace("parts(width)", "parts(wide)")

    assert told(match(version(a=SHAPES), version(a=after)))[0][2] == {"signature", "body"}


def test_tells_a_new_decorator_as_an_annotation() -> None:
    after = SHAPES.replace("def helper", "@cached\ndef helper")

    assert told(match(version(a=SHAPES), version(a=after))) == [("a.py:helper", "a.py:helper", {"annotation"})]


def test_tells_white_space_as_format() -> None:
    after = SHAPES.replace("    return found[0]", "\n    return found[0]")

    assert told(match(version(a=SHAPES), version(a=after))) == [("a.py:helper", "a.py:helper", {"format-only"})]


def test_tells_comments_as_documentation() -> None:
    after = SHAPES.replace("    return found[0]", "\n    # the first\n    return found[0]")

    assert told(match(version(a=SHAPES), version(a=after))) == [("a.py:helper", "a.py:helper", {"documentation"})]


def test_tells_what_is_new_and_what_is_gone() -> None:
    after = SHAPES.replace("def helper(items, key):", "def other(a):\n    print(a)\n\n\ndef helper(items, key):")

    assert told(match(version(a=SHAPES), version(a=after))) == [("", "a.py:other", {"introduced"})]
    assert told(match(version(a=after), version(a=SHAPES))) == [("a.py:other", "", {"removed"})]


def test_tells_a_changed_constant() -> None:
    after = SHAPES.replace("LIMIT = 10", "LIMIT = 20")

    assert [names[:2] for names in told(match(version(a=SHAPES), version(a=after)))] == [("a.py:LIMIT", "a.py:LIMIT")]


def test_follows_a_function_into_another_file() -> None:
    head, tail = SHAPES.split("def helper")
    changes = match(version(a=SHAPES, b="X = 1\n"), version(a=head, b="X = 1\n\n\ndef helper" + tail))

    assert told(changes) == [("a.py:helper", "b.py:helper", {"moved"})]
    assert changes[0].evidence == "same tokens"


def test_follows_a_whole_file_to_its_new_name_even_where_it_changed() -> None:
    after = SHAPES.replace("part * 2", "part * 3")

    assert told(match(version(old=SHAPES), version(new=after))) == [
        ("old.py:LIMIT", "new.py:LIMIT", {"container-moved"}),
        ("old.py:Shape", "new.py:Shape", {"container-moved"}),
        ("old.py:Shape.area", "new.py:Shape.area", {"container-moved", "body"}),
        ("old.py:Shape.name", "new.py:Shape.name", {"container-moved"}),
        ("old.py:helper", "new.py:helper", {"container-moved"}),
    ]


def test_follows_a_function_to_its_new_name() -> None:
    after = SHAPES.replace("helper", "find_first")

    assert told(match(version(a=SHAPES), version(a=after))) == [("a.py:helper", "a.py:find_first", {"renamed"})]


def test_follows_the_members_of_a_class_to_its_new_name() -> None:
    after = SHAPES.replace("class Shape", "class Form").replace("part * 2", "part * 3")

    assert told(match(version(a=SHAPES), version(a=after))) == [
        ("a.py:Shape", "a.py:Form", {"renamed"}),
        ("a.py:Shape.area", "a.py:Form.area", {"container-moved", "body"}),
        ("a.py:Shape.name", "a.py:Form.name", {"container-moved"}),
    ]


def test_follows_a_method_out_of_its_class() -> None:
    source = "class A:\n    def f(self, x):\n        return [y + 1 for y in x if y]\n\n    b = 1\n"
    after = "class A:\n    b = 1\n\n\ndef f(self, x):\n    return [y + 1 for y in x if y]\n"
    changes = told(match(version(a=source), version(a=after)))

    assert ("a.py:A.f", "a.py:f", {"moved"}) in changes


METHOD = """\
class Bill(Base):
    def total(self, lines, rate):
        found = [line.amount * rate for line in lines if line.taxed]
        return round(sum(found), 2)

    def other(self):
        return self.kind


"""
BILLING = """\
X = 1


def total(lines, rate):
    found = [line.amount * rate for line in lines if line.taxed]
    return round(sum(found), 2)
"""


def test_follows_a_method_that_became_a_function_of_another_file_and_lost_its_self() -> None:
    before = version(a=METHOD, b="X = 1\n")
    after = version(a=METHOD[: METHOD.index("    def total")] + METHOD[METHOD.index("    def other") :], b=BILLING)
    changes = match(before, after)

    assert ("a.py:Bill.total", "b.py:total", {"moved", "signature"}) in told(changes)
    assert not {kind for change in changes for kind in change.kinds} & {ChangeKind.INTRODUCED, ChangeKind.REMOVED}


def test_follows_the_only_body_of_its_kind_to_another_name_and_header() -> None:
    after = version(a="class Bill(Base):\n    pass\n", b=BILLING.replace("def total", "def summed"))
    changes = match(version(a=METHOD, b="X = 1\n"), after)

    assert ("a.py:Bill.total", "b.py:summed", {"moved", "renamed", "signature"}) in told(changes)


def test_does_not_guess_between_two_equal_bodies_under_other_names() -> None:
    after = version(b=BILLING.replace("def total", "def one") + BILLING[BILLING.index("def") :].replace("total", "two"))
    changes = told(match(version(a=METHOD), after))

    assert ("", "b.py:one", {"introduced"}) in changes
    assert ("a.py:Bill.total", "", {"removed"}) in changes


def test_pairs_no_short_bodies_below_long_headers() -> None:
    header = "({}a=1, b=2, c=3, d=4, e=5, f=6, g=7):\n"
    before = version(a="class A:\n    def f" + header.format("self, ") + "        return None\n")
    after = version(b="def f" + header.format("h=0, ") + "    return None\n")

    assert ("", "b.py:f", {"introduced"}) in told(match(before, after))


def test_follows_a_small_function_with_an_equal_body_to_its_new_name_in_the_same_place() -> None:
    before = version(a="def find(key):\n    return table[key]\n")
    after = version(a="def look_up(key):\n    return table[key]\n")

    assert told(match(before, after)) == [("a.py:find", "a.py:look_up", {"renamed"})]


def test_follows_a_method_by_its_parameters_where_its_text_was_laid_out_anew() -> None:
    after = BILLING.replace("return round(sum(found), 2)", "return round(sum(found), 3)")
    changes = match(version(a=METHOD, b="X = 1\n"), version(a="", b=after))

    assert ("a.py:Bill.total", "b.py:total", {"moved", "signature", "body"}) in told(changes)


def test_takes_no_function_for_the_method_of_a_class_that_is_gone_by_its_name_alone() -> None:
    before = version(a="class A:\n    def run(self):\n        return self.first + 1\n")
    after = version(b="def run(path):\n    with open(path) as file:\n        print(file)\n")

    assert {kind for _, _, kinds in told(match(before, after)) for kind in kinds} == {"introduced", "removed"}


def test_follows_a_renamed_class_whose_header_changed_by_its_members() -> None:
    after = SHAPES.replace("class Shape:", "class Form(Base, kind=1):").replace("sides = 4", "sides = 4 + 1")
    changes = match(version(a=SHAPES), version(a=after))

    assert ("a.py:Shape", "a.py:Form", {"renamed", "signature", "body"}) in told(changes)
    assert "most of its members are there" in {change.evidence for change in changes}


def test_follows_members_into_the_container_that_was_found_by_its_header() -> None:
    before = "class Wide(Base):\n    limit = [1, 2, 3]\n\n    def only(self, a):\n        return a + 1\n"
    after = "class Wide(Base):\n    limit = [1, 2, 3, 4]\n\n    def only(self, a, b):\n        return b(a) - 2\n"
    changes = told(match(version(a=before), version(b=after)))

    assert changes == [
        ("a.py:Wide", "b.py:Wide", {"container-moved", "body"}),
        ("a.py:Wide.only", "b.py:Wide.only", {"container-moved", "signature", "body"}),
    ]


def test_tells_a_copy_from_a_move() -> None:
    copied = SHAPES[SHAPES.index("def helper") :]

    assert told(match(version(a=SHAPES, b=""), version(a=SHAPES, b=copied))) == [
        ("", "b.py:helper", {"introduced", "copied"})
    ]


def test_pairs_no_tiny_functions_by_their_tokens_alone() -> None:
    before = version(a="def f(): pass\n")
    after = version(b="def g(): pass\n")

    assert [kinds for _, _, kinds in told(match(before, after))] == [{"introduced"}, {"removed"}]


def test_pairs_each_symbol_once_when_several_look_alike() -> None:
    one = "def {}(items, key):\n    return [item for item in items if item.key == key][0]\n"
    before = version(a=one.format("first") + one.format("second"))
    after = version(a=one.format("third") + one.format("fourth"))

    assert told(match(before, after)) == [
        ("a.py:first", "a.py:third", {"renamed"}),
        ("a.py:second", "a.py:fourth", {"renamed"}),
    ]


def test_does_not_guess_between_look_alikes_of_different_files() -> None:
    one = "def {}(items, key):\n    return [item for item in items if item.key == key][0]\n"
    before = version(a=one.format("first"), b=one.format("second"))
    after = version(c=one.format("third"), d=one.format("fourth"))

    assert {kind for _, _, kinds in told(match(before, after)) for kind in kinds} == {"introduced", "removed"}


def test_pairs_overloads_by_their_tokens_before_their_order() -> None:
    before = "def f(a):\n    return 1\ndef f(a, b):\n    return 2\n"
    after = "def f(a, b):\n    return 2\ndef f(a):\n    return 3\n"

    assert [change.before.signature for change in match(version(a=before), version(a=after)) if change.before] == [
        "def f(a)"
    ]


def test_keeps_the_order_of_the_later_version() -> None:
    changes = match(version(a=SHAPES), version(a=""))

    assert [change.kinds for change in changes] == [(ChangeKind.REMOVED,)] * 5
    assert match(version(a=""), version(a=SHAPES))[0].after == version(a=SHAPES)[0]


def test_takes_a_dot_inside_a_name_for_part_of_it() -> None:
    symbol = one_file("a.js", b'const o = { "a.b": () => 1 };\n')[1]

    assert (symbol.name, symbol.container) == ("a.b", "o")


def kinds_of(path: str, before: bytes, after: bytes) -> set[str]:
    (change,) = match(one_file(path, before), one_file(path, after))
    return {kind.value for kind in change.kinds}


def test_tells_a_changed_body_of_functions_that_are_values() -> None:
    before = b"const f = (a) => {\n  return a;\n};\n"

    assert kinds_of("a.ts", before, before.replace(b"return a", b"return b")) == {"body"}
    assert kinds_of("a.ts", before, before.replace(b"(a)", b"(a, b)")) == {"signature"}
    assert kinds_of("a.ts", before, before.replace(b"(a)", b"(a, b)").replace(b"return a", b"go()")) == {
        "signature",
        "body",
    }


def test_tells_a_body_of_one_token_that_grew_under_another_signature() -> None:
    assert kinds_of("a.js", b"const f = (a) => a;\n", b"const f = (a, b) => a * b;\n") == {"signature", "body"}


def test_tells_the_body_of_a_macro_by_its_length_when_the_signature_changed_too() -> None:
    assert kinds_of("a.c", b"#define F(a) (a + 1)\n", b"#define F(a, b) (a + b * 2)\n") == {"signature", "body"}
    assert kinds_of("a.c", b"#define F(a) (a + 1)\n", b"#define F(a, b) (a + 1)\n") == {"signature"}


def test_claims_no_body_for_what_is_all_signature() -> None:
    assert kinds_of("a.py", b"LIMIT = 'a b'\n", b"LIMIT = 'a b' + 'c'\n") == {"signature"}


LONG = """\
def report(rows, out):
    total = 0
    for row in rows:
        if row.paid and row.amount > 0:
            total += row.amount * row.rate
    lines = []
    for row in sorted(rows):
        lines.append(f"{row.name}: {row.amount:10.2f}")
    out.write(header(total))
    out.write("\\n".join(lines))
    return total
"""
EXTRACTED = """\
def paid_total(rows):
    total = 0
    for row in rows:
        if row.paid and row.amount > 0:
            total += row.amount * row.rate
    return total


def report(rows, out):
    total = paid_total(rows)
    lines = []
    for row in sorted(rows):
        lines.append(f"{row.name}: {row.amount:10.2f}")
    out.write(header(total))
    out.write("\\n".join(lines))
    return total
"""


def origins(changes: tuple[Change, ...]) -> dict[str, tuple[set[str], list[str]]]:
    """What is new or gone: its kinds, and the names of its origins."""
    return {
        symbol.name: ({kind.value for kind in change.kinds}, [origin.name for origin in change.origins])
        for change in changes
        for symbol in (change.after, change.before)
        if symbol is not None and None in (change.before, change.after)
    }


def test_tells_an_extracted_function_and_what_it_was_taken_from() -> None:
    changes = match(version(a=LONG), version(a=EXTRACTED))

    assert origins(changes) == {"paid_total": ({"introduced", "extracted"}, ["report"])}
    assert ("a.py:report", "a.py:report", {"body"}) in told(changes)


def test_tells_a_function_that_went_into_its_caller() -> None:
    changes = match(version(a=EXTRACTED), version(a=LONG))

    assert origins(changes) == {"paid_total": ({"removed", "inlined"}, ["report"])}


THIRDS = (
    (
        "summed",
        "    total = 0\n    for row in rows:\n        if row.paid and row.amount > 0:\n            total += row.sum\n",
    ),
    (
        "listed",
        "    lines = []\n    for name in sorted(names):\n        lines.append(shown(name, width=10, fill='.'))\n",
    ),
    (
        "sent",
        "    mail = Mail(address, subject=title)\n    mail.attach(report, kind=1)\n    server.send(mail, 0)\n",
    ),
)


def test_tells_one_function_that_became_several() -> None:
    one = version(a="def work(rows):\n" + "".join(body for _, body in THIRDS))
    several = version(a="\n\n".join(f"def {name}(rows):\n{body}" for name, body in THIRDS))

    assert origins(match(one, several)) == {
        "summed": ({"introduced", "split"}, ["work"]),
        "listed": ({"introduced", "split"}, ["work"]),
        "sent": ({"introduced", "split"}, ["work"]),
        "work": ({"removed", "split"}, ["summed", "listed", "sent"]),
    }
    assert origins(match(several, one)) == {
        "summed": ({"removed", "merged"}, ["work"]),
        "listed": ({"removed", "merged"}, ["work"]),
        "sent": ({"removed", "merged"}, ["work"]),
        "work": ({"introduced", "merged"}, ["summed", "listed", "sent"]),
    }


def test_tells_a_copy_under_another_name_and_its_source() -> None:
    copied = SHAPES[SHAPES.index("def helper") :].replace("helper", "first_of")

    assert origins(match(version(a=SHAPES, b=""), version(a=SHAPES, b=copied))) == {
        "first_of": ({"introduced", "copied"}, ["helper"])
    }


MEMBERS = "".join(
    f"    def {name}(self, key):\n        return self.{name}_table[key] + {number}\n\n"
    for number, name in enumerate(("one", "two", "three", "four", "five"))
)


def test_tells_a_class_that_gave_its_members_to_another() -> None:
    kept, given = MEMBERS[: MEMBERS.index("    def four")], MEMBERS[MEMBERS.index("    def four") :]
    whole, parts = f"class Whole:\n{MEMBERS}", f"class Whole:\n{kept}\n\nclass Part:\n{given}"
    forth, back = match(version(a=whole), version(a=parts)), match(version(a=parts), version(a=whole))

    assert origins(forth) == {"Part": ({"introduced", "split"}, ["Whole"])}
    assert ("a.py:Whole.four", "a.py:Part.four", {"moved"}) in told(forth)
    assert origins(back) == {"Part": ({"removed", "merged"}, ["Whole"])}


def test_a_name_that_callers_took_up_speaks_for_a_rename() -> None:
    before = "def old_name(a, b):\n    return first(a, b) + [a for b in c]\n\n\n"
    before += "def user(x):\n    return old_name(x, old_name(x, 1))\n"
    after = before.replace("old_name", "new_name").replace(
        "first(a, b) + [a for b in c]", "[a for b in c] + last(b)[1:]"
    )

    assert ("a.py:old_name", "a.py:new_name", {"renamed", "body"}) in told(match(version(a=before), version(a=after)))


def test_an_overload_is_told_by_its_parameters() -> None:
    before = b"class A {\n  int f(int a) {\n    return a;\n  }\n  int f(String b) {\n    return b.length();\n  }\n}\n"
    after = before.replace(b"return a;", b"return go(a);").replace(b"int f(String b)", b"int f(final String b)")
    changes = told(match(one_file("A.java", before), one_file("A.java", after)))

    assert changes == [("A.java:A.f", "A.java:A.f", {"body"}), ("A.java:A.f", "A.java:A.f", {"signature"})]


def test_an_annotation_is_no_part_of_the_header() -> None:
    before = b"class A {\n  @Old(1)\n  int f(int a) {\n    return a;\n  }\n}\n"

    assert told(match(one_file("A.java", before), one_file("A.java", before.replace(b"@Old(1)", b'@New("x")')))) == [
        ("A.java:A.f", "A.java:A.f", {"annotation"})
    ]


def test_a_comment_of_an_inner_function_counts_for_the_outer_one() -> None:
    before = "def f(a):\n    def g(b):\n        return b\n\n    return g(a)\n"
    after = before.replace("        return b", "        # quite\n        return b")

    assert told(match(version(a=before), version(a=after))) == [
        ("a.py:f", "a.py:f", {"documentation"}),
        ("a.py:f.g", "a.py:f.g", {"documentation"}),
    ]


def test_without_texts_header_and_body_are_told_by_signature_and_fingerprint() -> None:
    before, after = (
        version(a=SHAPES),
        version(a=SHAPES.replace("part * 2", "part * 3").replace("name(self)", "name(me)")),
    )

    assert [set(change.kinds) for change in lineage.match(before, after)] == [{"body"}, {"signature"}]


def test_a_very_large_step_says_what_was_not_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lineage_step, "MOST_COMPARED", 1)
    before = version(a=LONG, b=SHAPES)
    after = version(c=LONG.replace("report", "other").replace("total", "amount + 1"), d=SHAPES.replace("a", "e"))

    assert lineage.match_step(before, after, texts).limit.startswith("a large step: 1 pairs")


@pytest.mark.parametrize("count", [60])
def test_many_symbols_of_one_file_are_found_by_the_rare_words_they_share(count: int) -> None:
    one = "def {}(rows):\n    for row in rows:\n        row.send(token{}, rows[{}])\n"
    one += "        row.close(rows, key{}, {})\n    return rows\n\n\n"
    before = "".join(one.format(f"f{n}", n, n, n, n) for n in range(count))
    after = "".join(one.format(f"g{n}", n, n, n, n).replace("return", "yield all()\n    return") for n in range(count))
    changes = match(version(a=before), version(a=after))

    assert {
        (change.before.name[1:], change.after.name[1:]) for change in changes if change.before and change.after
    } == {(str(n), str(n)) for n in range(count)}
