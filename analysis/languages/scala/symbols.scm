; provider: tree_sitter_scala language
; extensions: .scala .sc .sbt
; statements: lines
; visibility: private protected default=public
; soft: as derives end extension infix inline opaque open transparent using

(class_definition name: (_) @name body: (_) @body) @definition.class
(class_definition name: (_) @name) @definition.class
(object_definition name: (_) @name body: (_) @body) @definition.class
(trait_definition name: (_) @name body: (_) @body) @definition.trait
(trait_definition name: (_) @name) @definition.trait
(enum_definition name: (_) @name body: (_) @body) @definition.enum
(function_definition name: (_) @name body: (_) @body) @definition.function
(function_declaration name: (_) @name) @definition.function
(type_definition name: (_) @name) @definition.type
((val_definition pattern: (identifier) @name) @definition.constant (#set! level "type") (#set! named "[A-Z]\\w*"))

(lambda_expression) @scope.function
[(comment) (block_comment)] @comment
[(character_literal) (string) (interpolated_string)] @literal
(call_expression function: (identifier) @call)
(call_expression function: (field_expression field: (identifier) @call))
