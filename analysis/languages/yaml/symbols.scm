; provider: tree_sitter_yaml language
; extensions: .yaml .yml
; filenames: .clang-format .clang-tidy .gemrc CITATION.cff
; names: whole
; statements: lines

((block_mapping_pair key: (_) @name value: (block_node) @body) @definition.key (#set! level "type") (#set! deepest "3"))
((block_mapping_pair key: (_) @name) @definition.key (#set! level "type") (#set! deepest "3"))
[(block_sequence) (flow_sequence)] @scope.function

(comment) @comment
[(double_quote_scalar) (single_quote_scalar) (block_scalar) (plain_scalar)] @literal
