; provider: tree_sitter_julia language
; extensions: .jl
; interpreters: julia
; statements: lines
; constructors: =
; qualifiers: modules
; documentation: string above
; soft: abstract mutable primitive type where as outer

(module_definition name: (_) @name) @definition.module
(function_definition (signature (call_expression . (field_expression value: (_) @qualifier (quote_expression (operator) @name)) (argument_list)? @parameters))) @definition.function
(assignment . (call_expression . (field_expression value: (_) @qualifier (quote_expression (operator) @name)) (argument_list)? @parameters)) @definition.function
(function_definition (signature [(call_expression . (_) @name (argument_list)? @parameters) (typed_expression . (call_expression . (_) @name (argument_list)? @parameters))
  (where_expression . (call_expression . (_) @name (argument_list)? @parameters)) (where_expression . (typed_expression . (call_expression . (_) @name (argument_list)? @parameters)))
  (identifier) @name])) @definition.function
(macro_definition (signature (call_expression . (_) @name (argument_list)? @parameters))) @definition.function
(assignment . (call_expression . (_) @name (argument_list)? @parameters)) @definition.function
(assignment . (typed_expression . (call_expression . (_) @name (argument_list)? @parameters))) @definition.function
(assignment . (where_expression . (call_expression . (_) @name (argument_list)? @parameters))) @definition.function
(struct_definition (type_head [(identifier) @name (binary_expression . (identifier) @name)
  (parametrized_type_expression . (identifier) @name)
  (binary_expression . (parametrized_type_expression . (identifier) @name))])) @definition.struct
(abstract_definition (type_head [(identifier) @name (binary_expression . (identifier) @name)
  (parametrized_type_expression . (identifier) @name)
  (binary_expression . (parametrized_type_expression . (identifier) @name))])) @definition.type
((const_statement (assignment . (identifier) @name)) @definition.constant (#set! level "module"))

[(arrow_function_expression) (do_clause)] @scope.function
[(line_comment) (block_comment)] @comment
[(string_literal) (command_literal) (character_literal) (prefixed_string_literal)] @literal
(call_expression . (identifier) @call)
(call_expression . (field_expression (identifier) @call .))
