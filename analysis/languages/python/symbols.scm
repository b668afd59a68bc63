; provider: tree_sitter_python language
; extensions: .py .pyi .pyw
; filenames: SConstruct SConscript wscript
; interpreters: python pypy
; constructors: __init__ __new__
; statements: lines
; visibility: underscore default=public
; documentation: docstring
; soft: print exec match case type _

(function_definition name: (identifier) @name body: (_) @body) @definition.function
(class_definition name: (identifier) @name body: (_) @body) @definition.class
(type_alias_statement left: (type) @name) @definition.type
((assignment left: (identifier) @name) @definition.constant
  (#set! level "module") (#set! named "[A-Z][A-Z0-9_]*"))

(decorated_definition) @wrapper
[(comment) (line_continuation)] @comment
(string) @literal
(call function: (identifier) @call)
(call function: (attribute attribute: (_) @call))
