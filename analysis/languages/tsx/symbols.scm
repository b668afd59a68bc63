; provider: tree_sitter_typescript language_tsx
; extensions: .tsx
; constructors: constructor
; dropped: prototype module exports this window self
; statements: lines
; visibility: private protected public export=exported underscore
; soft: get set of from as type declare namespace module abstract readonly keyof infer is asserts any number string boolean symbol object unknown never static async target meta accessor override require global public private protected satisfies using out unique

(function_declaration name: (identifier) @name body: (_) @body) @definition.function
(generator_function_declaration name: (identifier) @name body: (_) @body) @definition.function
(function_signature name: (identifier) @name) @definition.function
(class_declaration name: (_) @name body: (_) @body) @definition.class
(abstract_class_declaration name: (_) @name body: (_) @body) @definition.class
(interface_declaration name: (_) @name body: (_) @body) @definition.interface
(enum_declaration name: (_) @name body: (_) @body) @definition.enum
(type_alias_declaration name: (_) @name) @definition.type
(internal_module name: (_) @name body: (_) @body) @definition.module
(module name: (_) @name body: (_) @body) @definition.module
(method_definition name: (_) @name body: (_) @body) @definition.method
(method_signature name: (_) @name) @definition.method
(abstract_method_signature name: (_) @name) @definition.method
(public_field_definition name: (_) @name value: (arrow_function body: (_) @body)) @definition.method
(public_field_definition name: (_) @name value: (function_expression body: (_) @body)) @definition.method
(variable_declarator name: (identifier) @name value: (arrow_function body: (_) @body)) @definition.function
(variable_declarator name: (identifier) @name value: (function_expression body: (_) @body)) @definition.function
(variable_declarator name: (identifier) @name value: (generator_function body: (_) @body)) @definition.function
(variable_declarator name: (identifier) @name value: (class body: (_) @body)) @definition.class
((variable_declarator name: (identifier) @name value: (object) @body) @definition.constant (#set! level "module"))
(variable_declarator name: (identifier) @name value: (object)) @scope.type
((variable_declarator name: (identifier) @name) @definition.constant (#set! level "module") (#set! before "^(export\\s+)?const\\b"))
(assignment_expression left: (member_expression) right: (class name: (_) @name body: (_) @body)) @definition.class
((assignment_expression left: (member_expression property: (_) @property) right: (function_expression name: (_) @name body: (_) @body)) @definition.function
  (#eq? @property "exports"))
((assignment_expression left: (member_expression object: (member_expression property: (_) @property) @qualifier property: (_) @name)
  right: [(call_expression) (identifier) (member_expression) (undefined)]) @definition.method (#eq? @property "prototype"))
(assignment_expression left: (member_expression object: (_) @qualifier property: (_) @name)
  right: (function_expression body: (_) @body)) @definition.function
(assignment_expression left: (member_expression object: (_) @qualifier property: (_) @name)
  right: (arrow_function body: (_) @body)) @definition.function
(assignment_expression left: (member_expression object: (_) @qualifier property: (_) @name)
  right: (generator_function body: (_) @body)) @definition.function
(assignment_expression left: (member_expression object: (_) @qualifier property: (_) @name)
  right: (class body: (_) @body)) @definition.class
((assignment_expression left: (member_expression object: (_) @qualifier property: (_) @name) right: (object) @body) @definition.constant
  (#set! level "module") (#not-eq? @name "exports"))
(assignment_expression left: (member_expression) @name right: (object)) @scope.type
(assignment_expression left: (identifier) @name right: (function_expression body: (_) @body)) @definition.function
(assignment_expression left: (identifier) @name right: (arrow_function body: (_) @body)) @definition.function
(assignment_expression left: (identifier) @name right: (class body: (_) @body)) @definition.class
((pair key: (_) @key value: (function_expression name: (_) @name body: (_) @body)) @definition.method (#any-of? @key "value" "get" "set"))
(pair key: (_) @name value: (function_expression body: (_) @body)) @definition.method
(pair key: (_) @name value: (arrow_function body: (_) @body)) @definition.method
(pair key: (_) @name value: (generator_function body: (_) @body)) @definition.method
(pair key: (_) @name value: (object)) @scope.type

[(export_statement) (ambient_declaration)] @wrapper
[(lexical_declaration) (variable_declaration) (expression_statement)] @wrapper.single
(decorator) @lead
(function_expression name: (identifier) @name body: (_) @body) @definition.function
[(arrow_function) (function_expression) (generator_function)] @scope.function
[(comment) (html_comment) (hash_bang_line)] @comment
[(string) (string_fragment) (escape_sequence) "`" (regex) (jsx_text) (html_character_reference)] @literal
(call_expression function: (identifier) @call)
(call_expression function: (member_expression property: (_) @call))
(new_expression constructor: (identifier) @call)
