; provider: tree_sitter_haskell language
; extensions: .hs .hs-boot .hsc
; interpreters: runhaskell runghc stack
; statements: lines
; soft: as hiding qualified family role pattern stock anyclass via forall

((signature name: (_) @name) @definition.method (#set! inside "type") (#set! merge "1") (#set! whole "1"))
((function name: (_) @name match: (_) @body) @definition.function (#set! merge "1") (#set! whole "1"))
((function (infix operator: (_) @name) match: (_) @body) @definition.function (#set! merge "1") (#set! whole "1"))
((bind name: (_) @name match: (_) @body) @definition.function (#set! level "type") (#set! whole "1"))
((pattern_synonym (equation synonym: (apply function: (constructor) @name))) @definition.function (#set! whole "1"))
((pattern_synonym (equation synonym: (constructor) @name)) @definition.function (#set! whole "1"))
((field name: (field_name (_) @name)) @definition.constant (#set! whole "1"))
(data_type name: (_) @name) @definition.type
(newtype name: (_) @name) @definition.type
(type_synonym name: (_) @name) @definition.type
(class name: (_) @name declarations: (_) @body) @definition.interface
(class name: (_) @name) @definition.interface
(instance name: (_) @name) @scope.type

(signature) @lead
[(comment) (haddock) (pragma)] @comment
[(string) (char)] @literal
(apply function: (variable) @call)
