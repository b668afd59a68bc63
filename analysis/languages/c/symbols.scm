; provider: tree_sitter_c language
; extensions: .c .h
; interpreters: tcc
; blanked: ^[\x20\t]*\#[\x20\t]*if(?:def[\x20\t]+|[\x20\t]+defined[\x20\t]*\(?[\x20\t]*)__cplusplus\b[^\n]*\n\s*(?:extern\s*"C"\s*\{|\}[^\n#]*)\s*\n[\x20\t]*\#[\x20\t]*endif\b
; blanked: ^[A-Z][A-Z0-9_]*\([\x20\t]*\w+(,[^;{}]{0,300})\)\s{0,20}\{
; blanked: \b(?:__(?:init|exit|initdata|initconst|exitdata|refdata|ref|meminit|net_init|net_exit|user|kernel|iomem|percpu|rcu|force|must_check|maybe_unused|always_unused|used|unused|pure|cold|hot|weak|noreturn|visible|read_mostly|ro_after_init|packed|latent_entropy|sched|lockfunc|kprobes|always_inline|noclone|cpuinit|devinit)|noinline(?:_for_stack)?|asmlinkage|notrace|noinstr)\b
; blanked: \b__(?:printf|scanf|aligned|section|acquires|releases|must_hold|malloc|alloc_size|no_sanitize|counted_by)\((?:[^()\n]|\([^()\n]*\))*\)
; visibility: static
; soft: short long signed unsigned
; shown: [:,][\x20\t]*\r?\n(#[\x20\t]*if[^\n]*)(\n[^#;{}]*)(#[\x20\t]*endif[^\n]*) \x20 = \x20

((function_definition declarator: (_) @name.declarator body: (_) @body) @definition.function (#set! level "type")
  (#set! named "(?!(?:void|if|for|while|switch|return|do|else|namespace|class|struct|const|noexcept|constnoexcept|case|default|sizeof|defined)$).+"))
(struct_specifier name: (_) @name body: (_) @body) @definition.struct
(union_specifier name: (_) @name body: (_) @body) @definition.struct
(enum_specifier name: (_) @name body: (_) @body) @definition.enum
(type_definition declarator: (_) @name.declarator) @definition.type
(preproc_function_def name: (_) @name value: (_) @body) @definition.function
((preproc_def name: (_) @name value: (_)) @definition.constant)
((declaration (type_qualifier) declarator: (init_declarator declarator: (_) @name.declarator)) @definition.constant
  (#set! level "module") (#set! before "\\bconst\\b"))

(comment) @comment
[(char_literal) (string_literal) (system_lib_string)] @literal
(call_expression function: (identifier) @call)
(call_expression function: (field_expression field: (_) @call))
