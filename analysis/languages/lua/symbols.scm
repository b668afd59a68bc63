; provider: tree_sitter_lua language
; extensions: .lua .wlua .rockspec
; interpreters: lua luajit
; statements: lines
; visibility: local

(function_declaration name: (method_index_expression table: (_) @qualifier method: (_) @name) body: (_) @body) @definition.method
(function_declaration name: (method_index_expression table: (_) @qualifier method: (_) @name)) @definition.method
(function_declaration name: (_) @name body: (_) @body) @definition.function
(function_declaration name: (_) @name) @definition.function
((assignment_statement (variable_list . name: (bracket_index_expression) @name .) (expression_list . value: (function_definition body: (_) @body) .)) @definition.function
  (#set! whole "1"))
(assignment_statement (variable_list . name: (dot_index_expression table: (bracket_index_expression) @qualifier field: (_) @name) .)
  (expression_list . value: (function_definition body: (_) @body) .)) @definition.function
(assignment_statement (variable_list . name: (_) @name .) (expression_list . value: (function_definition body: (_) @body) .)) @definition.function
((assignment_statement (variable_list . name: (identifier) @name .) (expression_list . value: (table_constructor) @body .)) @definition.constant
  (#set! level "module"))
((assignment_statement (variable_list . name: (identifier) @name .) (expression_list . value: (_) .)) @definition.constant
  (#set! level "module") (#set! named "[A-Z][A-Z0-9_]*"))
(assignment_statement (variable_list . name: (_) @name .) (expression_list . value: (binary_expression right: (function_definition body: (_) @body)) .)) @definition.function
((assignment_statement (variable_list . name: (_) @name .) (expression_list . value: (function_call arguments: (arguments . (function_definition))) .)) @definition.function
  (#set! level "module"))
(field name: [(identifier) (string)] @name value: (function_definition body: (_) @body)) @definition.method

(variable_declaration) @wrapper.single
(function_definition) @scope.function
(comment) @comment
(string) @literal
(function_call name: (identifier) @call)
(function_call name: (dot_index_expression field: (_) @call))
(function_call name: (method_index_expression method: (_) @call))
