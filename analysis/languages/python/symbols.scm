; provider: tree_sitter_python language
; extensions: .py .pyi .pyw
; filenames: SConstruct SConscript wscript
; interpreters: python pypy
; constructors: __init__ __new__

(function_definition name: (identifier) @name body: (_) @body) @definition.function
(class_definition name: (identifier) @name body: (_) @body) @definition.class
(type_alias_statement left: (type) @name) @definition.type
((expression_statement (assignment left: (identifier) @name)) @definition.constant
  (#set! level "module") (#set! named "[A-Z][A-Z0-9_]*"))

(decorated_definition) @wrapper
[(comment) (line_continuation)] @comment
(identifier) @identifier
[(integer) (float) (string_start) (string_content) (string_end) (escape_sequence) (escape_interpolation)] @literal
