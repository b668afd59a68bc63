; provider: tree_sitter_objc language
; extensions: .m .mm
; blanked: ^[A-Z][A-Z0-9_]*_(?:BEGIN|END)\b[\x20\t]*$
; blanked: \bNS_(?:ASSUME_NONNULL_BEGIN|ASSUME_NONNULL_END|DESIGNATED_INITIALIZER|UNAVAILABLE|REQUIRES_SUPER|SWIFT_NAME\([^()\n]*\))
; blanked: \b[A-Z][A-Z_]*_(?:UN)?AVAILABLE(?:_\w+)?\((?:[^()\n]|\((?:[^()\n]|\([^()\n]*\))*\))*\)
; shown: (typedef[\x20\t]+)?\b((?:NS|CF)_(?:CLOSED_|ERROR_)?(?:ENUM|OPTIONS))(\([^,()\n]*,)\s*\w+\s*(\)) \x20 enum \x20 \x20

((function_definition declarator: (_) @name.declarator body: (_) @body) @definition.function)
(method_definition (identifier) @name.selector (compound_statement) @body) @definition.method
(method_declaration (identifier) @name.selector) @definition.method
(protocol_declaration . (identifier) @name) @definition.interface
(class_interface . (identifier) @name) @definition.class
(class_implementation . (identifier) @name) @definition.class
(struct_specifier name: (_) @name body: (_) @body) @definition.struct
(union_specifier name: (_) @name body: (_) @body) @definition.struct
(enum_specifier name: (_) @name body: (_) @body) @definition.enum
(type_definition declarator: (_) @name.declarator) @definition.type
(preproc_function_def name: (_) @name value: (_) @body) @definition.function
(preproc_def name: (_) @name value: (_)) @definition.constant
((declaration (type_qualifier) declarator: (init_declarator declarator: (_) @name.declarator)) @definition.constant
  (#set! level "module") (#set! before "\\bconst\\b"))

(block_literal) @scope.function
(comment) @comment
[(char_literal) (string_literal) (system_lib_string)] @literal
(call_expression function: (identifier) @call)
(message_expression method: (identifier) @call)
