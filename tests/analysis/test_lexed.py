from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest

from codevault.analysis import lexed
from codevault.analysis.analyse import analyse
from codevault.analysis.editions import lexers_edition
from codevault.analysis.lexed import MAX_LEXED, MAX_TEXT, text_tokens
from codevault.analysis.model import Outcome

ERLANG = b'-module(shop).\n% The price.\nprice(N) -> io:format("~p", [N * 2]).\n'


def test_a_text_without_grammar_gets_tokens_of_its_whole() -> None:
    found = analyse("shop.erl", ERLANG)

    assert (found.outcome, found.language, found.grammar) == (Outcome.TEXT, "erlang", lexers_edition())
    assert found.tokens == 25
    assert len(found.exact) == 32
    assert len(found.sketch) % 8 == 0


@pytest.mark.parametrize(
    "same",
    [
        b'-module(shop).\n\n\n%% Another word.\nprice(N)->io:format("~p",[N*2]).\n',
        b'-module(shop).\r\nprice(N) -> io:format("~p", [N * 2]). % at the end\r\n',
    ],
)
def test_white_space_and_comments_leave_its_fingerprint(same: bytes) -> None:
    assert text_tokens("erlang", same).exact == text_tokens("erlang", ERLANG).exact


def test_another_word_or_string_changes_its_fingerprint() -> None:
    changed = {text_tokens("erlang", ERLANG.replace(old, b"x")).exact for old in (b"price", b"~p", b"2")}

    assert len(changed | {text_tokens("erlang", ERLANG).exact}) == 4


def test_a_comment_in_letters_of_several_bytes_ends_where_it_ends() -> None:
    text = "price(N) -> N. % für 10 € 🎉\nsum(N) -> N.\n".encode()

    assert text_tokens("erlang", text).exact == text_tokens("erlang", b"price(N) -> N. sum(N) -> N.").exact


def test_text_of_another_encoding_is_cut_as_well() -> None:
    assert text_tokens("erlang", b"price(N) -> N. % f\xfcr\n").exact == text_tokens("erlang", b"price(N) -> N.").exact


@pytest.mark.parametrize("language", ["", "no-such-language"])
def test_a_text_of_no_known_type_is_words_and_marks(language: str) -> None:
    assert text_tokens(language, b"Dear reader, % hello.\n").tokens == 6


def test_what_is_beyond_the_limit_counts_as_words() -> None:
    comments = b"% word\n" * (MAX_LEXED // 7 + 100)

    assert text_tokens("erlang", comments).tokens > 150


def test_a_lexer_that_takes_too_long_is_left() -> None:
    clock = count()

    assert text_tokens("erlang", ERLANG, clock=lambda: float(next(clock))).tokens > 25


class _Broken:
    def get_tokens_unprocessed(self, text: str) -> Iterator[tuple[int, object, str]]:
        raise IndexError(text)


def test_a_lexer_that_fails_costs_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lexed, "_lexer", lambda _: _Broken())

    assert text_tokens("erlang", b"a b % c\n").tokens == 4


def test_an_empty_text_has_no_tokens() -> None:
    assert text_tokens("erlang", b"").tokens == 0


def test_a_log_is_not_cut_into_tokens() -> None:
    found = analyse("today.log", b"one line\n" * (MAX_TEXT // 9 + 1))

    assert (found.outcome, found.exact, found.tokens) == (Outcome.TEXT, "", 0)
