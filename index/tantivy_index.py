"""The text index in tantivy: trigrams of text documents, names and words of declarations (FORMAT.md has the fields).

Traps of the library that shape this module (seen with 0.27): a wrong field type kills the worker thread and a later
call says so; terms over 65,530 bytes vanish; tokenizers are not stored with the index; a full disk arrives as
ValueError, perhaps at a later call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

from codevault.errors import IndexDamaged
from codevault.index import schema
from codevault.index.checksums import damaged
from codevault.index.patterns import GRAM, AnyOf, Need, Word, grams

T = TypeVar("T")
WRITER_BYTES = 96 << 20
LONGEST_NAME = 1000
"""Characters of a name that are indexed; longer names are found by their beginning only."""

_BASIC = "basic"  # documents only: no frequencies, no positions


class TantivyText:
    """Implements `TextIndex` in a folder. Readers may be many, in any process; the writer's lock admits one.

    `generation` is the catalog's: what a killed run committed here but not there is forgotten by the next writer,
    and an index that is behind the catalog is refused.
    """

    def __init__(self, folder: Path, *, generation: int, writable: bool) -> None:
        import tantivy

        self._library: Any = tantivy
        self._folder = folder
        self._schema = _schema(tantivy)
        self._writer: Any = None
        self._committed = False
        self._born = generation + 1
        self._index: Any = self._guard(lambda: self._open(writable=writable))
        if (name := damaged(folder)) != "":
            raise IndexDamaged(f"{name} of the text index is damaged; the archive is intact, rebuild()")
        newest = self._newest_generation()
        if newest < generation:
            raise IndexDamaged(f"the text index stands at {newest}, the catalog at {generation}: rebuild() the index")
        if writable:
            self._writer = self._guard(lambda: self._index.writer(WRITER_BYTES, 1))
            self._guard(lambda: self._forget(range(generation + 1, newest + 1)))

    def _open(self, *, writable: bool) -> Any:
        if writable:
            self._folder.mkdir(parents=True, exist_ok=True)
        if writable and not self._library.Index.exists(str(self._folder)):
            # reuse: without it, what another process made since the question would be emptied
            index = self._library.Index(self._schema, path=str(self._folder), reuse=True)
        else:
            index = self._library.Index.open(str(self._folder))
        trigrams = self._library.Tokenizer.ngram(GRAM, GRAM)
        index.register_tokenizer("trigram", self._library.TextAnalyzerBuilder(trigrams).build())
        index.config_reader("Manual")
        index.reload()
        return index

    def _newest_generation(self) -> int:
        found = self._search(self._library.Query.all_query(), 1, "generation")
        return found[0] if found else 0

    def _forget(self, generations: range) -> None:
        for generation in generations:
            self._writer.delete_documents_by_term("born", str(generation))
        if generations:
            self._writer.commit()

    def add_lines(self, document: int, lines: Iterable[str]) -> None:
        """See `TextIndex`."""
        entry = self._document("document", document)
        for line in lines:
            entry.add_text("text", line)
        self._guard(lambda: self._writer.add_document(entry))

    def add_name(self, declaration: int, name: str, words: Iterable[str]) -> None:
        """See `TextIndex`."""
        entry = self._document("declaration", declaration)
        entry.add_text("name", name[:LONGEST_NAME])
        for word in words:
            entry.add_text("word", word[:LONGEST_NAME])
        self._guard(lambda: self._writer.add_document(entry))

    def commit(self, generation: int, drop: Iterable[int]) -> None:
        """See `TextIndex`."""
        if self._writer is None or generation != self._born:
            raise IndexDamaged("the text index has no writer for this generation: open the index again")
        for document in drop:
            self._guard(lambda key=str(document): self._writer.delete_documents_by_term("key", key))  # type: ignore[misc]  # mypy cannot type the default
        self._guard(self._writer.commit)
        self._born = generation + 1
        self._committed = True

    def documents(self, need: Need, limit: int) -> tuple[int, ...]:
        """See `TextIndex`."""
        self._guard(self._index.reload)
        return self._search(self._query(need), limit, "document")

    def declarations(self, name: str, limit: int) -> tuple[int, ...]:
        """See `TextIndex`."""
        self._guard(self._index.reload)
        name = name[:LONGEST_NAME]
        if "*" in name or "?" in name:
            pattern = "".join(_GLOB.get(char) or _escaped(char) for char in name)
            query = self._guard(lambda: self._library.Query.regex_query(self._schema, "name", pattern))
        else:
            query = self._term("name", name)
        return self._search(query, limit, "declaration")

    def declarations_with(self, words: Iterable[str], limit: int) -> tuple[int, ...]:
        """See `TextIndex`."""
        self._guard(self._index.reload)
        must = self._library.Occur.Must
        terms = [(must, self._term("word", word[:LONGEST_NAME])) for word in words]
        return self._search(self._library.Query.boolean_query(terms), limit, "declaration") if terms else ()

    def declarations_near(self, name: str, edits: int, limit: int) -> tuple[int, ...]:
        """See `TextIndex`."""
        self._guard(self._index.reload)
        near = self._library.Query.fuzzy_term_query
        query = self._guard(
            lambda: near(self._schema, "name", name[:LONGEST_NAME], distance=edits, transposition_cost_one=True)
        )
        return self._search(query, limit, "declaration")

    def close(self) -> None:
        """See `TextIndex`."""
        writer, self._writer = self._writer, None
        if writer is not None and self._committed:
            # dropped at once, it would abandon the merges its commits began: segments would pile up, writer by writer
            self._guard(writer.wait_merging_threads)

    def _document(self, field: str, number: int) -> Any:
        entry = self._library.Document()
        entry.add_unsigned(field, number)
        entry.add_unsigned("generation", self._born)
        entry.add_text("born", str(self._born))
        if field == "document":
            entry.add_text("key", str(number))
        return entry

    def _query(self, need: Need) -> Any:
        library = self._library.Query
        if isinstance(need, Word):
            parts = [self._term("text", gram) for gram in grams(need)]
        else:
            parts = [self._query(part) for part in need.parts]
        if not parts:
            return library.exists_query("document")
        occur = self._library.Occur.Should if isinstance(need, AnyOf) else self._library.Occur.Must
        return parts[0] if len(parts) == 1 else library.boolean_query([(occur, part) for part in parts])

    def _term(self, field: str, text: str) -> Any:
        return self._library.Query.term_query(self._schema, field, text, index_option=_BASIC)

    def _search(self, query: Any, limit: int, field: str) -> tuple[int, ...]:
        """Values of a number field of the documents found, highest first."""

        def run() -> tuple[int, ...]:
            searcher = self._index.searcher()
            most = max(1, min(limit, searcher.num_docs))
            found = searcher.search(query, limit=most, count=False, order_by_field=field)
            return tuple(value for value, _ in found.hits if value is not None)

        return self._guard(run)

    def _guard(self, call: Callable[[], T]) -> T:
        """Runs a call of the library; what it raises means no space, another writer, or an index that is of no use."""
        try:
            return call()
        except (ValueError, OSError, RuntimeError, AttributeError) as exc:
            said = str(exc).lower()
            if any(words in said for words in _FULL) or schema.is_full(self._folder):
                raise schema.full(self._folder) from exc
            if "lockbusy" in said:
                raise schema.busy() from exc
            raise IndexDamaged(f"the text index cannot be used ({exc}); the archive is intact, rebuild()") from exc
        except BaseException as exc:
            if type(exc).__name__ != "PanicException":  # what the library raises when bytes are not what it wrote
                raise
            raise IndexDamaged("the text index is damaged; the archive is intact, rebuild()") from exc


_FULL = ("no space left on device", "os error 28)", "disk quota exceeded", "os error 122)")
_GLOB = {"*": ".*", "?": "."}


def _escaped(char: str) -> str:
    """A character as itself in tantivy's regular expressions."""
    return char if char.isalnum() or char == "_" else f"\\x{{{ord(char):x}}}"


def _schema(library: Any) -> Any:
    builder = library.SchemaBuilder()
    builder.add_text_field("text", tokenizer_name="trigram", index_option=_BASIC)
    builder.add_text_field("name", tokenizer_name="raw", index_option=_BASIC)
    builder.add_text_field("word", tokenizer_name="raw", index_option=_BASIC)
    builder.add_text_field("born", tokenizer_name="raw", index_option=_BASIC)
    builder.add_text_field("key", tokenizer_name="raw", index_option=_BASIC)
    builder.add_unsigned_field("document", fast=True)
    builder.add_unsigned_field("declaration", fast=True)
    builder.add_unsigned_field("generation", fast=True)
    return builder.build()
