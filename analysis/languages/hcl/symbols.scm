; provider: tree_sitter_hcl language
; extensions: .tf .hcl .tfvars .nomad
; statements: lines

((block . (identifier) @qualifier . (string_lit) @qualifier . (string_lit) @name (body) @body) @definition.section (#set! level "module"))
((block . (identifier) @qualifier . (string_lit) @name . (block_start) (body) @body) @definition.section (#set! level "module"))
((block . (identifier) @name . (block_start) (body) @body) @definition.section (#set! deepest "2"))
(attribute . (identifier) @name (#set! deepest "2")) @definition.key

(comment) @comment
[(string_lit) (heredoc_template) (template_literal) (quoted_template_start) (quoted_template_end)] @literal
(function_call (identifier) @call)
