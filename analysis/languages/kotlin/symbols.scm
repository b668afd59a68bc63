; provider: tree_sitter_kotlin language
; extensions: .kt .kts
; statements: lines
; visibility: public private protected internal default=public
; soft: get set by catch constructor data dynamic field file finally import init inner inline open out override param property receiver sealed setparam suspend value vararg where abstract actual annotation companion const crossinline delegate enum expect external final infix internal lateinit noinline operator private protected public tailrec
; constructors: constructor

((class_declaration "interface" name: (_) @name (class_body) @body) @definition.interface)
((class_declaration "interface" name: (_) @name) @definition.interface)
(class_declaration name: (_) @name (enum_class_body) @body) @definition.enum
(class_declaration name: (_) @name (class_body) @body) @definition.class
(class_declaration name: (_) @name) @definition.class
(object_declaration name: (_) @name (class_body) @body) @definition.class
(object_declaration name: (_) @name) @definition.class
(companion_object name: (_) @name (class_body) @body) @definition.class
((companion_object "companion" @name (class_body) @body) @definition.class (#set! called "Companion"))
(secondary_constructor "constructor" @name (function_value_parameters) @parameters (block) @body) @definition.constructor
(secondary_constructor "constructor" @name (function_value_parameters) @parameters) @definition.constructor
(function_declaration . (user_type) @qualifier name: (_) @name (function_value_parameters) @parameters [(function_body) (block)] @body) @definition.function
(function_declaration (type_parameters) . (user_type) @qualifier name: (_) @name (function_value_parameters) @parameters [(function_body) (block)] @body) @definition.function
(function_declaration name: (_) @name (function_value_parameters) @parameters [(function_body) (block)] @body) @definition.function
(function_declaration name: (_) @name (function_value_parameters) @parameters) @definition.function
(type_alias type: (_) @name) @definition.type
((property_declaration (variable_declaration . (identifier) @name)) @definition.constant
  (#set! level "type") (#set! before "\\bconst\\b"))

[(lambda_literal) (anonymous_function)] @scope.function
[(line_comment) (block_comment)] @comment
[(string_literal) (multiline_string_literal) (character_literal)] @literal
(call_expression . (identifier) @call)
(call_expression . (navigation_expression (identifier) @call .))
