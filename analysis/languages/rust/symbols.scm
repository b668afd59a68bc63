; provider: tree_sitter_rust language
; extensions: .rs
; visibility: pub default=private
; soft: default union macro_rules block expr ident item lifetime literal meta pat path stmt tt ty vis raw gen

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
[(char_literal) (string_literal) (raw_string_literal)] @literal
(call_expression function: (identifier) @call)
(call_expression function: (field_expression field: (_) @call))
(call_expression function: (scoped_identifier name: (_) @call))
(macro_invocation macro: (identifier) @call)
