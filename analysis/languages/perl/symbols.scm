; provider: tree_sitter_perl language
; extensions: .pl .pm .t .psgi .al .ph
; interpreters: perl
; constructors: new
; visibility: underscore default=public
; soft: class field method

(subroutine_declaration_statement name: (_) @name body: (_) @body) @definition.function
(method_declaration_statement name: (_) @name body: (_) @body) @definition.method
(class_statement name: (_) @name (block) @body) @definition.class
((package_statement name: (_) @name (block) @body) @definition.module (#set! root "1"))
(package_statement name: (_) @name) @scope.rest
(class_statement name: (_) @name) @scope.rest
((use_statement module: (package) @use (list_expression . (autoquoted_bareword) @name)) @definition.constant
  (#eq? @use "constant"))

(anonymous_subroutine_expression) @scope.function
[(comment) (pod)] @comment
[(string_literal) (interpolated_string_literal) (quoted_word_list) (heredoc_content) (match_regexp) (quoted_regexp)
 (substitution_regexp)] @literal
(ambiguous_function_call_expression function: (_) @call)
(function_call_expression function: (_) @call)
(method_call_expression method: (_) @call)
