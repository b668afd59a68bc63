; provider: tree_sitter_c_sharp language
; extensions: .cs .csx
; visibility: public private protected internal default=private
; soft: add get set remove init value var when where yield from select let into join on equals by ascending descending orderby group record partial file scoped managed unmanaged nameof global alias notnull async await dynamic assembly module field event method param property return type

(namespace_declaration name: (_) @name body: (_) @body) @definition.module
(class_declaration name: (_) @name body: (_) @body) @definition.class
(record_declaration name: (_) @name) @definition.class
(struct_declaration name: (_) @name body: (_) @body) @definition.struct
(interface_declaration name: (_) @name body: (_) @body) @definition.interface
(enum_declaration name: (_) @name body: (_) @body) @definition.enum
(delegate_declaration name: (_) @name) @definition.type
(method_declaration name: (_) @name body: (_) @body) @definition.method
(method_declaration name: (_) @name) @definition.method
(constructor_declaration name: (_) @name body: (_) @body) @definition.constructor
(destructor_declaration name: (_) @name body: (_) @body) @definition.method
(operator_declaration operator: _ @name body: (_) @body) @definition.method
(operator_declaration operator: _ @name) @definition.method
(conversion_operator_declaration type: (_) @name body: (_) @body) @definition.method
(conversion_operator_declaration type: (_) @name) @definition.method
(local_function_statement name: (_) @name body: (_) @body) @definition.function
((field_declaration (variable_declaration (variable_declarator name: (_) @name))) @definition.constant
  (#set! level "type") (#set! before "\\bconst\\b|\\bstatic\\s+readonly\\b"))

[(lambda_expression) (anonymous_method_expression)] @scope.function
(comment) @comment
[(character_literal) (string_literal) (verbatim_string_literal) (raw_string_literal) (string_content)] @literal
(invocation_expression function: (identifier) @call)
(invocation_expression function: (member_access_expression name: (identifier) @call))
(object_creation_expression type: (identifier) @call)
(file_scoped_namespace_declaration name: (_) @name) @scope.rest
