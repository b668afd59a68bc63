; provider: tree_sitter_bash language
; extensions: .sh .bash .bats .ebuild .eclass
; filenames: PKGBUILD APKBUILD .bashrc .bash_profile .profile
; interpreters: sh bash dash ash ksh
; names: whole
; statements: lines

(function_definition name: (_) @name body: (_) @body) @definition.function
((declaration_command "readonly" (variable_assignment name: (_) @name)) @definition.constant (#set! level "module"))

[(comment) (heredoc_end)] @comment
[(raw_string) (string_content) (ansi_c_string) (regex) (heredoc_content) (heredoc_start)] @literal
(command name: (command_name (word) @call))
