; provider: tree_sitter_php language_php
; extensions: .php .phtml .php3 .php4 .php5 .php7 .phps
; interpreters: php
; constructors: __construct
; visibility: public private protected default=public
; soft: enum from readonly int string bool float mixed void array callable iterable object false null true never

(function_definition name: (_) @name body: (_) @body) @definition.function
(class_declaration name: (_) @name body: (_) @body) @definition.class
(interface_declaration name: (_) @name body: (_) @body) @definition.interface
(trait_declaration name: (_) @name body: (_) @body) @definition.trait
(enum_declaration name: (_) @name body: (_) @body) @definition.enum
(method_declaration name: (_) @name body: (_) @body) @definition.method
(method_declaration name: (_) @name) @definition.method
(namespace_definition name: (_) @name body: (_) @body) @definition.module
((const_declaration (const_element . (_) @name)) @definition.constant (#set! level "type"))

[(anonymous_function) (arrow_function)] @scope.function
(attribute_list) @lead
(comment) @comment
[(string) (string_content) "\"" (nowdoc_string) (text)] @literal
(function_call_expression function: (name) @call)
(member_call_expression name: (name) @call)
(scoped_call_expression name: (name) @call)
(object_creation_expression (name) @call)
(namespace_definition name: (_) @name) @scope.rest
