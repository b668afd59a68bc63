; provider: tree_sitter_json language
; extensions: .json .ipynb .webmanifest .geojson .jsonc .code-workspace .jsonld .har .topojson .avsc .importmap
; filenames: .babelrc .eslintrc .prettierrc composer.lock Pipfile.lock .jshintrc .swcrc
; names: whole

((pair key: (string) @name value: [(object) (array)] @body) @definition.key (#set! level "type") (#set! deepest "3"))
((pair key: (string) @name value: (_)) @definition.key (#set! level "type") (#set! deepest "3"))
(array) @scope.function

(comment) @comment
(string) @literal
