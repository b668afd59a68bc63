; provider: tree_sitter_java language
; extensions: .java
; visibility: public private protected default=package
; soft: byte short int long char float double boolean void record sealed permits module open opens exports requires uses provides with to transitive yield when

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
[(character_literal) (string_literal)] @literal
(method_invocation name: (_) @call)
(object_creation_expression type: (type_identifier) @call)
