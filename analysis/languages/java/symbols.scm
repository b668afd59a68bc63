; provider: tree_sitter_java language
; extensions: .java

(class_declaration name: (_) @name body: (_) @body) @definition.class
(record_declaration name: (_) @name body: (_) @body) @definition.class
(interface_declaration name: (_) @name body: (_) @body) @definition.interface
(annotation_type_declaration name: (_) @name body: (_) @body) @definition.interface
(enum_declaration name: (_) @name body: (_) @body) @definition.enum
(method_declaration name: (_) @name body: (_) @body) @definition.method
(method_declaration name: (_) @name) @definition.method
(annotation_type_element_declaration name: (_) @name) @definition.method
(constructor_declaration name: (_) @name body: (_) @body) @definition.constructor
(compact_constructor_declaration name: (_) @name body: (_) @body) @definition.constructor
((field_declaration declarator: (variable_declarator name: (_) @name)) @definition.constant
  (#set! level "type") (#set! before "\\bstatic\\s+final\\b|\\bfinal\\s+static\\b"))
(constant_declaration declarator: (variable_declarator name: (_) @name)) @definition.constant

(lambda_expression) @scope.function
[(line_comment) (block_comment)] @comment
[(identifier) (type_identifier) (integral_type) (floating_point_type) (boolean_type) (void_type)] @identifier
[(decimal_integer_literal) (hex_integer_literal) (octal_integer_literal) (binary_integer_literal)
 (decimal_floating_point_literal) (hex_floating_point_literal) (character_literal) (string_literal)] @literal
