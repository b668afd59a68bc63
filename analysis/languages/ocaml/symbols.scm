; provider: tree_sitter_ocaml language_ocaml
; extensions: .ml
; interpreters: ocaml ocamlrun
; statements: lines

(let_binding pattern: (_) @name (parameter) body: (_) @body) @definition.function
(let_binding pattern: (_) @name body: (fun_expression) @body) @definition.function
(let_binding pattern: (_) @name body: (function_expression) @body) @definition.function
((let_binding pattern: (value_name) @name body: (_) @body) @definition.constant (#set! level "type"))
(type_binding name: (_) @name) @definition.type
(exception_definition (constructor_declaration (constructor_name) @name)) @definition.type
(module_binding (module_name) @name body: (_) @body) @definition.module
(module_binding (module_name) @name) @definition.module
(module_type_definition (module_type_name) @name body: (_) @body) @definition.interface
(value_specification (value_name) @name type: (function_type)) @definition.function
(value_specification (value_name) @name) @definition.constant
(external (value_name) @name) @definition.function
(class_binding (class_name) @name body: (_) @body) @definition.class
(method_definition (method_name) @name body: (_) @body) @definition.method

[(value_definition) (type_definition) (module_definition) (class_definition)] @wrapper
(fun_expression) @scope.function
(comment) @comment
[(string) (quoted_string) (character)] @literal
(application_expression function: (value_path (value_name) @call))
