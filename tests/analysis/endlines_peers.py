"""Programs that print, for each path of their input, the definitions of a file as JSON: names with last lines.

Each is run by the program of its language, which parses with the language's own parser.
"""

from __future__ import annotations

TYPESCRIPT = """
const ts = require("typescript"), fs = require("fs");
const isValue = node =>
  node && (ts.isArrowFunction(node) || ts.isFunctionExpression(node) || ts.isClassExpression(node));
for (const file of fs.readFileSync(0, "utf8").trim().split("\\n")) {
  const source = ts.createSourceFile(file, fs.readFileSync(file, "utf8"), ts.ScriptTarget.Latest, true);
  const found = [], taken = new Set();
  const add = (name, node) => {
    if (name && (ts.isIdentifier(name) || ts.isPrivateIdentifier(name) || ts.isStringLiteral(name)))
      found.push([name.text, source.getLineAndCharacterOfPosition(node.end).line + 1]);
  };
  const visit = node => {
    if (ts.isFunctionDeclaration(node) || ts.isClassDeclaration(node) || ts.isInterfaceDeclaration(node) ||
        ts.isEnumDeclaration(node) || ts.isMethodDeclaration(node) || ts.isMethodSignature(node) ||
        ts.isGetAccessor(node) || ts.isSetAccessor(node)) add(node.name, node);
    else if ((ts.isVariableDeclaration(node) || ts.isPropertyAssignment(node) || ts.isPropertyDeclaration(node)) &&
        isValue(node.initializer)) {
      taken.add(node.initializer);
      add(node.name, node);
    } else if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.EqualsToken &&
        isValue(node.right)) {
      const left = node.left.name ?? node.left, own = node.right.name;
      taken.add(node.right);
      add(own && (ts.isClassExpression(node.right) || left.text === "exports") ? own : left, node);
    } else if (ts.isFunctionExpression(node) && node.name && !taken.has(node)) add(node.name, node);
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

GO = """
package main

import ("bufio"; "encoding/json"; "fmt"; "go/ast"; "go/parser"; "go/token"; "os")

func main() {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		files, found := token.NewFileSet(), [][2]any{}
		tree, _ := parser.ParseFile(files, lines.Text(), nil, 0)
		add := func(name *ast.Ident, node ast.Node) {
			found = append(found, [2]any{name.Name, files.Position(node.End() - 1).Line})
		}
		ast.Inspect(tree, func(node ast.Node) bool {
			switch found := node.(type) {
			case *ast.FuncDecl:
				add(found.Name, found)
			case *ast.TypeSpec:
				switch found.Type.(type) {
				case *ast.StructType, *ast.InterfaceType:
					add(found.Name, found)
				}
			case *ast.InterfaceType:
				for _, field := range found.Methods.List {
					for _, name := range field.Names {
						add(name, field)
					}
				}
			}
			return true
		})
		text, _ := json.Marshal(found)
		fmt.Println(string(text))
	}
}
"""

RUBY = """
require "json"
$stdin.each_line(chomp: true) do |path|
  found = []
  visit = lambda do |node|
    return unless node.is_a?(RubyVM::AbstractSyntaxTree::Node)
    case node.type
    when :DEFN then found << [node.children[0], node.last_lineno]
    when :DEFS then found << [node.children[1], node.last_lineno]
    when :CLASS, :MODULE then found << [node.children[0].children[-1], node.last_lineno]
    end
    node.children.each { |child| child.is_a?(Array) ? child.each(&visit) : visit.call(child) }
  end
  begin
    visit.call(RubyVM::AbstractSyntaxTree.parse_file(path))
    puts JSON.generate(found)
  rescue SyntaxError
    puts "null"
  end
end
"""

PHP = r"""<?php
while (($path = fgets(STDIN)) !== false) {
  $found = []; $open = []; $depth = 0; $waiting = null; $before = null;
  try { $tokens = PhpToken::tokenize(file_get_contents(rtrim($path)), TOKEN_PARSE); }
  catch (ParseError $error) { echo "null\n"; continue; }
  $tokens = array_values(array_filter($tokens, fn($token) => !$token->isIgnorable()));
  foreach ($tokens as $at => $token) {
    $last = $at ? $tokens[$at - 1] : null;
    if ($token->is([T_FUNCTION, T_CLASS, T_INTERFACE, T_TRAIT, T_ENUM])
        && !($last && $last->is([T_DOUBLE_COLON, T_NEW, T_USE]))) {
      $next = $tokens[$at + 1];
      if ($next->text === "&") $next = $tokens[$at + 2];
      $waiting = $next->text === "(" || $next->text === "{" || $next->is(T_EXTENDS) ? null : $next->text;
    }
    $line = $token->line + substr_count($token->text, "\n");
    if ($token->is(["{", T_CURLY_OPEN, T_DOLLAR_OPEN_CURLY_BRACES])) { $open[] = $waiting; $waiting = null; }
    elseif ($token->text === "}") { $name = array_pop($open); if ($name !== null) $found[] = [$name, $line]; }
    elseif ($token->text === ";" && $waiting !== null) { $found[] = [$waiting, $line]; $waiting = null; }
  }
  echo json_encode($found), "\n";
}
"""

R = r"""
for (path in readLines(file("stdin"))) {
  data <- tryCatch(getParseData(parse(path, keep.source = TRUE), includeText = TRUE), error = function(e) NULL)
  if (is.null(data)) { cat("null\n"); next }
  found <- character()
  for (id in data$parent[data$token == "FUNCTION"]) {
    around <- data[data$parent == data$parent[data$id == id], ]
    around <- around[around$token != "COMMENT", ]
    if (nrow(around) == 3 && around$token[2] %in% c("LEFT_ASSIGN", "EQ_ASSIGN") && around$id[3] == id)
      found <- c(found, sprintf("[\"%s\",%d]", gsub("[`\"]", "", around$text[1]), around$line2[3]))
  }
  cat("[", paste(found, collapse = ","), "]\n", sep = "")
}
"""
