; provider: tree_sitter_swift language
; extensions: .swift
; interpreters: swift
; constructors: init
; statements: lines
; visibility: public private fileprivate internal open default=internal
; soft: get set some any open left right none convenience required final lazy optional override prefix postfix infix weak unowned actor async

(function_declaration name: (simple_identifier) @name body: (_) @body) @definition.function
(function_declaration name: (_) @name body: (_) @body) @definition.function
(protocol_function_declaration name: (_) @name) @definition.method
(init_declaration name: "init" @name body: (_) @body) @definition.constructor
(init_declaration name: "init" @name) @definition.constructor
(deinit_declaration "deinit" @name body: (_) @body) @definition.method
(class_declaration declaration_kind: "extension" name: (_) @name) @scope.type
(class_declaration declaration_kind: "struct" name: (_) @name body: (_) @body) @definition.struct
(class_declaration declaration_kind: "enum" name: (_) @name body: (_) @body) @definition.enum
(class_declaration name: (_) @name body: (_) @body) @definition.class
(protocol_declaration name: (_) @name body: (_) @body) @definition.interface
(typealias_declaration name: (type_identifier) @name) @definition.type
((property_declaration name: (pattern bound_identifier: (simple_identifier) @name) computed_value: (_) @body) @definition.method
  (#set! inside "type"))
((property_declaration name: (pattern bound_identifier: (simple_identifier) @name)) @definition.constant
  (#set! level "module") (#set! before "\\blet\\b"))
((property_declaration name: (pattern bound_identifier: (simple_identifier) @name)) @definition.constant
  (#set! level "type") (#set! before "\\bstatic\\b.*\\blet\\b"))

(lambda_literal) @scope.function
[(comment) (multiline_comment)] @comment
[(line_string_literal) (multi_line_string_literal) (raw_string_literal) (regex_literal)] @literal
(call_expression . (simple_identifier) @call)
(call_expression . (navigation_expression suffix: (navigation_suffix suffix: (simple_identifier) @call)))
