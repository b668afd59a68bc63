; provider: tree_sitter_languages kotlin
; extensions: .kt .kts

((class_declaration kind: "interface" name: (_) @name body: (_) @body) @definition.interface)
((class_declaration kind: "enum" name: (_) @name body: (_) @body) @definition.enum)
(class_declaration name: (_) @name body: (_) @body) @definition.class
(class_declaration name: (_) @name) @definition.class
(object_declaration name: (_) @name body: (_) @body) @definition.class
(function_declaration receiver: (_) @qualifier name: (_) @name body: (_) @body) @definition.function
(function_declaration name: (_) @name body: (_) @body) @definition.function
(function_declaration name: (_) @name) @definition.function
(type_alias name: (_) @name) @definition.type
((property_declaration variable: (variable_declaration (simple_identifier) @name)) @definition.constant
  (#set! level "type") (#set! before "\\bconst\\b"))

(companion_object) @scope.type
[(lambda_literal) (anonymous_function)] @scope.function
[(line_comment) (multiline_comment)] @comment
[(simple_identifier) (type_identifier)] @identifier
[(integer_literal) (hex_literal) (bin_literal) (real_literal) (long_literal) (unsigned_literal) (character_literal)
 (string_literal)] @literal
