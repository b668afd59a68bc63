; provider: tree_sitter_powershell language
; extensions: .ps1 .psm1 .psd1
; interpreters: pwsh powershell
; constructors: =
; statements: lines
; blanked: (?i:\b(?:function|filter)\s+((?:global|script|local|private):))
; soft: process data begin end clean configuration class enum filter workflow using static hidden

(function_statement (function_name) @name (function_parameter_declaration (parameter_list) @parameters) (script_block) @body) @definition.function
(function_statement (function_name) @name (script_block (param_block (parameter_list) @parameters)) @body) @definition.function
(function_statement (function_name) @name (script_block) @body) @definition.function
(function_statement (function_name) @name) @definition.function
(class_statement . (simple_name) @name) @definition.class
(enum_statement . (simple_name) @name) @definition.enum
(class_method_definition (simple_name) @name (class_method_parameter_list) @parameters (script_block) @body) @definition.method
(class_method_definition (simple_name) @name (script_block) @body) @definition.method
(class_method_definition (simple_name) @name) @definition.method

(script_block_expression) @scope.function
(comment) @comment
[(expandable_string_literal) (verbatim_string_characters) (expandable_here_string_literal) (verbatim_here_string_characters)] @literal
(command command_name: (command_name) @call)
(invokation_expression (member_name (simple_name) @call))
