; provider: tree_sitter_make language
; extensions: .mk .mak .make
; filenames: Makefile makefile GNUmakefile Kbuild
; interpreters: make
; names: whole
; statements: lines

((rule (targets . (_) @name)) @definition.rule (#set! named "(?!\\.(?:PHONY|SUFFIXES|DEFAULT|PRECIOUS|SILENT|SECONDARY|INTERMEDIATE|NOTPARALLEL|ONESHELL|DELETE_ON_ERROR|EXPORT_ALL_VARIABLES|FORCE)$).+"))
((variable_assignment name: (_) @name value: (_)) @definition.constant)
(variable_assignment name: (_) @name) @definition.constant
(define_directive name: (_) @name) @definition.function

(comment) @comment
[(shell_text) (raw_text)] @literal
(function_call function: (_) @call)
