; provider: tree_sitter_languages scala
; extensions: .scala .sc .sbt

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
[(identifier) (operator_identifier) (type_identifier)] @identifier
[(integer_literal) (floating_point_literal) (character_literal) (symbol_literal) (string)] @literal
