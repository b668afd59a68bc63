; provider: tree_sitter_ruby language
; extensions: .rb .rake .gemspec .ru .podspec .rbi
; filenames: Rakefile Gemfile Guardfile Vagrantfile Podfile Capfile Fastfile
; interpreters: ruby jruby
; constructors: initialize
; dropped: self
; statements: lines
; sections: class=public module=public singleton_class=public

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

((call receiver: (constant)? @receiver method: (identifier) @kw arguments: (argument_list . (_) @name) block: [(do_block) (block)] @body) @definition.section
  (#any-of? @kw "describe" "context" "feature" "shared_examples" "shared_context" "shared_examples_for") (#set! whole "1"))
((call !receiver method: (identifier) @kw arguments: (argument_list . (string) @name) block: [(do_block) (block)] @body) @definition.section
  (#any-of? @kw "it" "specify" "test" "scenario" "should") (#set! whole "1"))

[(block) (do_block) (lambda)] @scope.block
((body_statement (identifier) @section) (#any-of? @section "private" "public" "protected" "module_function"))
((body_statement (call method: (identifier) @word arguments: (_)) @section)
  (#any-of? @word "private" "public" "protected" "private_class_method" "public_class_method" "module_function"))
(comment) @comment
[(character) (string_content) (heredoc_content) (escape_sequence) (simple_symbol) (hash_key_symbol) "\"" "`" (heredoc_beginning) (heredoc_end)] @literal
(call method: (identifier) @call)
