; provider: tree_sitter_languages r
; extensions: .r .R .rprofile .Rprofile
; filenames: .Rprofile
; interpreters: Rscript
; names: whole
; statements: lines

(left_assignment name: (_) @name value: (function_definition) @body) @definition.function
(equals_assignment name: (_) @name value: (function_definition) @body) @definition.function
(super_assignment name: (_) @name value: (function_definition) @body) @definition.function
((left_assignment name: (identifier) @name value: (_)) @definition.constant (#set! level "module") (#set! named "[A-Z][A-Z0-9_.]*"))
((left_assignment name: (_) @name value: (call function: [(identifier) (namespace_get)] @kw arguments: (_) @body)) @definition.class
  (#any-of? @kw "R6Class" "R6::R6Class" "setRefClass"))
((default_argument name: (_) @name value: (function_definition) @body) @definition.method (#set! inside "type"))
((call function: (identifier) @kw arguments: (arguments . (string) @name)) @definition.class
  (#any-of? @kw "setClass" "setRefClass" "R6Class") (#set! level "module"))
((call function: (identifier) @kw arguments: (arguments . (string) @name)) @definition.function
  (#any-of? @kw "setGeneric" "setMethod" "setValidity"))

(function_definition) @scope.function
(comment) @comment
(string) @literal
(call function: (identifier) @call)
