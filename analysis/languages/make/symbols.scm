; provider: tree_sitter_make language
; extensions: .mk .mak .make
; filenames: Makefile makefile GNUmakefile Kbuild
; interpreters: make
; names: whole
; statements: lines
; blanked: ^[\w.-]*\$\([\w.-]+\)[\w.-]*[\x20\t]*\+=(?:[^\\\n]|\\(?:.|\n))*$
; blanked: ^\x20*(?:ifn?eq\b|ifn?def\b|else\b|endif\b).*$
; blanked: (?<=[^\n])\$[({][@\w.%*<^?+|-]+:[^(){}\n=]*=[^(){}\n]*[)}]
; shown: ^[\x20\t]*(?:(?:export|override)[\x20\t]+)*[\w.-]+(\?=) \x20=

((rule (targets . (_) @name)) @definition.rule (#set! named "(?!\\.(?:PHONY|SUFFIXES|DEFAULT|PRECIOUS|SILENT|SECONDARY|INTERMEDIATE|NOTPARALLEL|ONESHELL|DELETE_ON_ERROR|EXPORT_ALL_VARIABLES|FORCE)$).+"))
((variable_assignment name: (_) @name ["=" ":=" "::=" "?="]) @definition.constant (#set! named ".*[^+?]"))
(define_directive name: (_) @name) @definition.function

(comment) @comment
[(shell_text) (raw_text)] @literal
(function_call function: (_) @call)
