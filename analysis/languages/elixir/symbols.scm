; provider: tree_sitter_elixir language
; extensions: .ex .exs
; interpreters: elixir
; statements: lines
; visibility: defp=private defmacrop=private default=public
; documentation: attribute
; soft: in

((call target: (identifier) @kw (arguments . (alias) @name) (do_block) @body) @definition.module (#any-of? @kw "defmodule"))
((call target: (identifier) @kw (arguments . (alias) @name) (do_block) @body) @definition.interface (#any-of? @kw "defprotocol"))
((call target: (identifier) @kw (arguments . (alias) @name) (do_block) @body) @scope.type (#any-of? @kw "defimpl"))
((call target: (identifier) @kw (arguments . (call target: (identifier) @name (arguments)? @parameters)) (do_block)? @body) @definition.function
  (#any-of? @kw "def" "defp" "defmacro" "defmacrop" "defguard" "defguardp" "defdelegate" "defn") (#set! merge "1"))
((call target: (identifier) @kw (arguments . (binary_operator left: (call target: (identifier) @name (arguments)? @parameters))) (do_block)? @body) @definition.function
  (#any-of? @kw "def" "defp" "defmacro" "defmacrop" "defguard" "defguardp" "defn") (#set! merge "1"))
((call target: (identifier) @kw (arguments . (identifier) @name) (do_block)? @body) @definition.function
  (#any-of? @kw "def" "defp" "defmacro" "defmacrop" "defn") (#set! merge "1"))

(unary_operator) @lead
(comment) @comment
[(string) (charlist) (sigil) (atom) (quoted_atom) (char)] @literal
((call target: (identifier) @call) (#not-any-of? @call "def" "defp" "defmacro" "defmacrop" "defmodule" "defstruct" "defprotocol" "defimpl" "defguard" "defdelegate" "doc" "spec" "moduledoc" "type" "impl" "use" "import" "alias" "require"))
(call target: (dot right: (identifier) @call))
