; provider: tree_sitter_go language
; extensions: .go
; statements: lines
; visibility: capital
; soft: new make iota

(function_declaration name: (_) @name body: (_) @body) @definition.function
(function_declaration name: (_) @name) @definition.function
(method_declaration receiver: (parameter_list (parameter_declaration type: (_) @qualifier)) name: (_) @name
  body: (_) @body) @definition.method
(type_spec name: (_) @name type: (struct_type (field_declaration_list) @body)) @definition.struct
(type_spec name: (_) @name type: (interface_type "{" @body)) @definition.interface
(type_spec name: (_) @name) @definition.type
(type_alias name: (_) @name) @definition.type
(method_elem name: (_) @name) @definition.method
((const_spec name: (_) @name) @definition.constant (#set! level "module"))
((var_spec name: (_) @name) @definition.constant (#set! level "module"))

[(type_declaration) (const_declaration) (var_declaration)] @wrapper.single
(func_literal) @scope.function
(comment) @comment
[(rune_literal) (raw_string_literal) (interpreted_string_literal)] @literal
(call_expression function: (identifier) @call)
(call_expression function: (selector_expression field: (_) @call))
