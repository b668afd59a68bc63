; provider: tree_sitter_zig language
; extensions: .zig .zon
; visibility: pub=public export=exported default=private
; soft: align noalias

(function_declaration name: (identifier) @name body: (_) @body) @definition.function
(function_declaration name: (identifier) @name) @definition.function
(variable_declaration . (identifier) @name (struct_declaration "{" @body)) @definition.struct
(variable_declaration . (identifier) @name (union_declaration "{" @body)) @definition.struct
(variable_declaration . (identifier) @name (opaque_declaration "{" @body)) @definition.struct
(variable_declaration . (identifier) @name (enum_declaration "{" @body)) @definition.enum
((variable_declaration . (identifier) @name) @definition.constant (#set! level "type") (#set! before "\\bconst\\b"))
(test_declaration [(string) (identifier)] @name (block) @body) @definition.function

(comment) @comment
[(string) (multiline_string) (character)] @literal
(call_expression function: (identifier) @call)
(call_expression function: (field_expression member: (identifier) @call))
