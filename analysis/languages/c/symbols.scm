; provider: tree_sitter_c language
; extensions: .c .h
; interpreters: tcc
; blanked: \b__(?:printf|scanf|aligned|section|acquires|releases|must_hold|malloc|alloc_size|no_sanitize|counted_by)\((?:[^()\n]|\([^()\n]*\))*\)

((function_definition declarator: (_) @name.declarator body: (_) @body) @definition.function (#set! level "type"))
(struct_specifier name: (_) @name body: (_) @body) @definition.struct
(union_specifier name: (_) @name body: (_) @body) @definition.struct
(enum_specifier name: (_) @name body: (_) @body) @definition.enum
(type_definition declarator: (_) @name.declarator) @definition.type
(preproc_function_def name: (_) @name value: (_) @body) @definition.function
((preproc_def name: (_) @name value: (_)) @definition.constant)
((declaration (type_qualifier) declarator: (init_declarator declarator: (_) @name.declarator)) @definition.constant
  (#set! level "module") (#set! before "\\bconst\\b"))

(comment) @comment
[(identifier) (type_identifier) (field_identifier) (statement_identifier) (primitive_type)] @identifier
[(number_literal) (char_literal) (string_literal) (system_lib_string)] @literal
[(preproc_arg) (preproc_call)] @raw
