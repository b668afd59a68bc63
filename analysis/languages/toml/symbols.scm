; provider: tree_sitter_toml language
; extensions: .toml
; filenames: Cargo.lock poetry.lock uv.lock Pipfile
; statements: lines

(table [(bare_key) (dotted_key) (quoted_key)] @name) @definition.section
(table_array_element [(bare_key) (dotted_key) (quoted_key)] @name) @definition.section
((pair . [(bare_key) (dotted_key) (quoted_key)] @name) @definition.key (#set! level "type") (#set! deepest "2"))
[(array) (inline_table)] @scope.function

(comment) @comment
[(string) (local_date) (offset_date_time) (local_date_time)] @literal
