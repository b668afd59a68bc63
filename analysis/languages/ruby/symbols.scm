; provider: tree_sitter_ruby language
; extensions: .rb .rake .gemspec .ru .podspec .rbi
; filenames: Rakefile Gemfile Guardfile Vagrantfile Podfile Capfile Fastfile
; interpreters: ruby jruby
; constructors: initialize
; dropped: self
; statements: lines

(method name: (_) @name body: (_) @body) @definition.method
(method name: (_) @name) @definition.method
(singleton_method object: (_) @qualifier name: (_) @name body: (_) @body) @definition.method
(singleton_method object: (_) @qualifier name: (_) @name) @definition.method
(class name: (_) @name body: (_) @body) @definition.class
(class name: (_) @name) @definition.class
(singleton_class) @scope.type
(module name: (_) @name body: (_) @body) @definition.module
(module name: (_) @name) @definition.module
((assignment left: (constant) @name) @definition.constant (#set! level "type"))

[(block) (do_block) (lambda)] @scope.block
(comment) @comment
[(character) (string_content) (heredoc_content) (escape_sequence) (simple_symbol) (hash_key_symbol) "\"" "`" (heredoc_beginning) (heredoc_end)] @literal
(call method: (identifier) @call)
