from codevault.vcs.git_config import ConfigEntry, parse_config


def entry(section: str, subsection: str, key: str, value: str) -> ConfigEntry:
    return ConfigEntry(section=section, subsection=subsection, key=key, value=value)


def test_reads_sections_subsections_and_values() -> None:
    text = '[core]\n\tbare = false\n[remote "origin"]\n\turl = a:x\n[branch "feature/x"]\n\tremote = origin\n'

    assert parse_config(text) == (
        entry("core", "", "bare", "false"),
        entry("remote", "origin", "url", "a:x"),
        entry("branch", "feature/x", "remote", "origin"),
    )


def test_names_of_sections_and_keys_ignore_case_and_subsections_do_not() -> None:
    assert parse_config('[REMOTE "Origin"]\nURL=x') == (entry("remote", "Origin", "url", "x"),)


def test_reads_the_old_form_of_a_subsection() -> None:
    assert parse_config("[remote.origin]\nurl=x") == (entry("remote", "origin", "url", "x"),)


def test_reads_a_key_on_the_line_of_its_section() -> None:
    assert parse_config("[core] bare = true") == (entry("core", "", "bare", "true"),)


def test_a_key_without_a_value_is_true() -> None:
    assert parse_config("[core]\nbare\n") == (entry("core", "", "bare", "true"),)


def test_resolves_quotes_escapes_comments_and_blanks() -> None:
    text = '[a]\nb = " x # y " z  ; comment\nc = say \\"hi\\"\\n\\tyou\\\\\nd = # nothing\n'

    assert [found.value for found in parse_config(text)] == [" x # y  z", 'say "hi"\n\tyou\\', ""]


def test_joins_a_line_that_ends_in_a_backslash_with_the_next() -> None:
    assert parse_config("[a]\nb = one \\\n  two\nc = x\\\\\nd = y\\") == (
        entry("a", "", "b", "one   two"),
        entry("a", "", "c", "x\\"),
        entry("a", "", "d", "y"),
    )


def test_resolves_escapes_in_the_name_of_a_subsection() -> None:
    assert parse_config('[remote "a\\"b\\\\c"]\nurl=x')[0].subsection == 'a"b\\c'


def test_passes_over_what_is_not_a_configuration() -> None:
    assert parse_config("stray = 1\n[\n]\n[]\n= x\n[a b]\n\x00\x01\n[ok]\n9bad = 1\ngood = 1\r\n") == (
        entry("ok", "", "good", "1"),
    )


def test_reads_no_more_than_its_limit() -> None:
    assert len(parse_config("[a]\n" + "b=1\n" * 5000)) == 4096
