; provider: tree_sitter_dockerfile language
; extensions: .dockerfile .containerfile
; filenames: Dockerfile Containerfile
; names: whole
; statements: lines

((from_instruction as: (image_alias) @name) @definition.rule (#set! rest "1"))
((from_instruction (image_spec) @name) @definition.rule (#set! rest "1"))
(arg_instruction name: (_) @name) @definition.constant
(env_instruction . (env_pair name: (_) @name)) @definition.constant

(comment) @comment
[(json_string) (double_quoted_string) (single_quoted_string) (shell_fragment)] @literal
