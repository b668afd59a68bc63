; provider: tree_sitter_rust language
; extensions: .rs

(function_item name: (_) @name body: (_) @body) @definition.function
(function_signature_item name: (_) @name) @definition.function
(struct_item name: (_) @name body: (_) @body) @definition.struct
(struct_item name: (_) @name) @definition.struct
(union_item name: (_) @name body: (_) @body) @definition.struct
(enum_item name: (_) @name body: (_) @body) @definition.enum
(trait_item name: (_) @name body: (_) @body) @definition.trait
(mod_item name: (_) @name body: (_) @body) @definition.module
(type_item name: (_) @name) @definition.type
(macro_definition name: (_) @name . (macro_rule) @body) @definition.function
((const_item name: (_) @name) @definition.constant (#set! level "type"))
((static_item name: (_) @name) @definition.constant (#set! level "type"))
(impl_item type: (_) @name) @scope.type
(foreign_mod_item) @scope.module

(closure_expression) @scope.function
(attribute_item) @lead
[(line_comment) (block_comment)] @comment
[(identifier) (type_identifier) (field_identifier) (shorthand_field_identifier) (primitive_type) (metavariable)] @identifier
[(integer_literal) (float_literal) (char_literal) (string_literal) (raw_string_literal)] @literal
