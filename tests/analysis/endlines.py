"""How far the last lines of functions and types agree with the languages' own parsers, by name and last line.

Run as `python -m tests.analysis.endlines LANGUAGE FOLDER [FILES] [NODE_MODULES]`: Python against `ast`, Java against
javac (`java` runs the text below), JavaScript, TypeScript, TSX against the TypeScript compiler found in NODE_MODULES.
"""

from __future__ import annotations

import ast
import json
import os
import random
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from codevault.analysis.analyse import analyse
from codevault.analysis.languages import language_hint
from codevault.analysis.model import SymbolKind

Ends = Counter[tuple[str, int]]

OURS = {
    "python": {SymbolKind.FUNCTION, SymbolKind.METHOD, SymbolKind.CONSTRUCTOR, SymbolKind.CLASS},
    "java": {SymbolKind.METHOD, SymbolKind.CONSTRUCTOR, SymbolKind.CLASS, SymbolKind.INTERFACE, SymbolKind.ENUM},
    "typescript": {SymbolKind.FUNCTION, SymbolKind.METHOD, SymbolKind.CLASS, SymbolKind.INTERFACE, SymbolKind.ENUM},
}

TYPESCRIPT = """
const ts = require("typescript"), fs = require("fs");
for (const file of fs.readFileSync(0, "utf8").split("\\n")) {
  const source = ts.createSourceFile(file, fs.readFileSync(file, "utf8"), ts.ScriptTarget.Latest, true);
  const found = [];
  const visit = node => {
    const named = ts.isFunctionDeclaration(node) || ts.isClassDeclaration(node) || ts.isInterfaceDeclaration(node) ||
      ts.isEnumDeclaration(node) || ts.isMethodDeclaration(node) && node.body || ts.isMethodSignature(node);
    if (named && node.name && ts.isIdentifier(node.name))
      found.push([node.name.text, source.getLineAndCharacterOfPosition(node.end).line + 1]);
    ts.forEachChild(node, visit);
  };
  visit(source);
  console.log(JSON.stringify(found));
}
"""

JAVA = """
import com.sun.source.tree.*; import com.sun.source.util.*; import javax.tools.*; import java.io.*; import java.util.*;
public class Ends {
  public static void main(String[] arguments) throws Exception {
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null);
    BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
    for (String file; (file = lines.readLine()) != null; ) {
      JavacTask task = (JavacTask) compiler.getTask(new StringWriter(), files, d -> {}, List.of("-proc:none"), null,
          files.getJavaFileObjects(file));
      SourcePositions positions = Trees.instance(task).getSourcePositions();
      StringBuilder out = new StringBuilder("[");
      for (CompilationUnitTree unit : task.parse()) new TreeScanner<Void, String>() {
        void add(Tree tree, String name) {
          long end = positions.getEndPosition(unit, tree), line = end < 0 ? 0 : unit.getLineMap().getLineNumber(end);
          if (end > 0 && !name.isEmpty() && positions.getStartPosition(unit, tree) >= 0)
            out.append(out.length() > 1 ? "," : "").append("[\\"" + name + "\\"," + line + "]");
        }
        public Void visitClass(ClassTree tree, String outer) {
          add(tree, tree.getSimpleName().toString());
          return super.visitClass(tree, tree.getSimpleName().toString());
        }
        public Void visitMethod(MethodTree tree, String outer) {
          String name = tree.getName().toString();
          add(tree, name.equals("<init>") ? outer : name);
          return super.visitMethod(tree, outer);
        }
      }.scan(unit, "");
      System.out.println(out + "]");
    }
  }
}
"""


def main(arguments: Sequence[str]) -> None:
    """Compare one language over one folder."""
    language, folder = arguments[0], Path(arguments[1])
    limit = int(arguments[2]) if len(arguments) > 2 else 300
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file() and language_hint(path.name) == language]
    random.Random(7).shuffle(paths)
    paths = paths[:limit]
    if language == "python":
        theirs = [python_ends(path) for path in paths]
    else:
        theirs = list(told(language, paths, arguments[3] if len(arguments) > 3 else ""))
    shared = missed = extra = 0
    for path, ends in zip(paths, theirs, strict=True):
        if ends is None:
            continue
        own = own_ends(language, path)
        shared += (own & ends).total()
        missed += (ends - own).total()
        extra += (own - ends).total()
        for name, line in sorted((own - ends) | (ends - own)):
            sys.stderr.write(f"{'ours' if (name, line) in own else 'peer'} {path}:{line} {name}\n")
    sys.stdout.write(
        f"| {language} | {len(paths)} files, {shared} symbols "
        f"| {100 * shared / max(shared + missed, 1):.2f} % / {100 * shared / max(shared + extra, 1):.2f} % |\n"
    )


def own_ends(language: str, path: Path) -> Ends:
    """What the analysis finds: names as its kinds have them, with last lines."""
    kinds = OURS.get(language, OURS["typescript"])
    symbols = analyse(path.name, path.read_bytes()).symbols
    return Counter((symbol.name, symbol.end_line) for symbol in symbols if symbol.kind in kinds)


def python_ends(path: Path) -> Ends | None:
    """What `ast` finds, None where it refuses the file."""
    try:
        tree = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError):
        return None
    wanted = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return Counter((node.name, node.end_lineno or 0) for node in ast.walk(tree) if isinstance(node, wanted))


def told(language: str, paths: Sequence[Path], modules: str) -> Iterator[Ends | None]:
    """What another program finds, a line of JSON for each path."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / ("Ends.java" if language == "java" else "ends.js")
        script.write_text(JAVA if language == "java" else TYPESCRIPT)
        program = "java" if language == "java" else "node"
        done = subprocess.run(
            [program, str(script)],
            input="\n".join(map(str, paths)),
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "NODE_PATH": modules},
        )
    for line in done.stdout.splitlines():
        yield Counter((name, end) for name, end in json.loads(line))


if __name__ == "__main__":
    main(sys.argv[1:])
