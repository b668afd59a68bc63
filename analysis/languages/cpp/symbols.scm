; provider: tree_sitter_cpp language
; extensions: .cpp .cc .cxx .c++ .hpp .hh .hxx .h++ .ipp .inl .tpp .cu .cuh .ino
; constructors: =
; blanked: ^[\x20\t]*\#[\x20\t]*if(?:def[\x20\t]+|[\x20\t]+defined[\x20\t]*\(?[\x20\t]*)__cplusplus\b[^\n]*\n\s*(?:extern\s*"C"\s*\{|\}[^\n#]*)\s*\n[\x20\t]*\#[\x20\t]*endif\b
; blanked: ^[\x20\t]*[A-Z][A-Z0-9_]{2,}(?:\((?:[^()\n;]|\([^()\n]*\))*\))?[\x20\t]*\r?$(?!\s*(?:[{,;.)+\-*|&?:=<>]|/[^/*]))
; blanked: (?<=\))[\x20\t\r\n]+[A-Z][A-Z0-9_]{3,}(?:\([^()\n]*\))?(?=\s*(?:\{|override\b|final\b))
; blanked: (?<=\bclass)[\x20\t]+[A-Z][A-Z0-9_]*_[A-Z0-9_]*(?:\([^()\n]*\))?(?=\s+\w+\s*(?:final\s*)?[:{;])
; blanked: (?<=\bstruct)[\x20\t]+[A-Z][A-Z0-9_]*_[A-Z0-9_]*(?:\([^()\n]*\))?(?=\s+\w+\s*(?:final\s*)?[:{;])
; visibility: static
; sections: class_specifier=private struct_specifier=public union_specifier=public
; soft: final override short long signed unsigned auto
; shown: [:,][\x20\t]*\r?\n(#[\x20\t]*if[^\n]*)(\n[^#;{}]*)(#[\x20\t]*endif[^\n]*) \x20 = \x20

(((function_definition declarator: (_) @name.declarator body: (_) @body) @definition.function
  (#set! named "(?!(?:void|if|for|while|switch|return|do|else|namespace|class|struct|const|noexcept|constnoexcept|case|default|sizeof|defined)$).+")))
((function_definition declarator: (_) @name.declarator) @definition.function
  (#set! named "(?!(?:void|if|for|while|switch|return|do|else|namespace|class|struct|const|noexcept|constnoexcept|case|default|sizeof|defined)$).+"))
(class_specifier name: (_) @name body: (_) @body) @definition.class
(struct_specifier name: (_) @name body: (_) @body) @definition.struct
(union_specifier name: (_) @name body: (_) @body) @definition.struct
(enum_specifier name: (_) @name body: (_) @body) @definition.enum
(namespace_definition name: (_) @name body: (_) @body) @definition.module
(concept_definition name: (_) @name) @definition.type
(type_definition type: (struct_specifier !name body: (_) @body) declarator: (type_identifier) @name) @definition.struct
(type_definition type: (union_specifier !name body: (_) @body) declarator: (type_identifier) @name) @definition.struct
(type_definition type: (enum_specifier !name body: (_) @body) declarator: (type_identifier) @name) @definition.enum
(type_definition declarator: (_) @name.declarator) @definition.type
(alias_declaration name: (_) @name) @definition.type
(preproc_function_def name: (_) @name value: (_) @body) @definition.function
(preproc_def name: (_) @name value: (_)) @definition.constant
((declaration declarator: (init_declarator declarator: (_) @name.declarator)) @definition.constant
  (#set! level "type") (#set! before "\\bconst(expr)?\\b"))

((field_declaration declarator: (field_identifier) @name default_value: (_)) @definition.constant
  (#set! before "\\bconst(expr)?\\b"))

(template_declaration) @wrapper
(access_specifier) @section
(lambda_expression) @scope.function
(comment) @comment
[(char_literal) (string_literal) (raw_string_literal) (system_lib_string)] @literal
(call_expression function: (identifier) @call)
(call_expression function: (field_expression field: (_) @call))
(call_expression function: (qualified_identifier name: (identifier) @call))
