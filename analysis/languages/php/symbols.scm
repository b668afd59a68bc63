; provider: tree_sitter_php language_php
; extensions: .php .phtml .php3 .php4 .php5 .php7 .phps
; interpreters: php
; constructors: __construct

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
[(name) (variable_name) (primitive_type)] @identifier
[(integer) (float) (string) (string_content) "\"" (nowdoc_string) (text)] @literal
