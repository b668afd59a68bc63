; provider: tree_sitter_css language
; extensions: .css .pcss
; names: whole

(rule_set (selectors) @name (block) @body) @definition.rule
(media_statement (block) @body . ) @scope.block
(keyframes_statement (keyframes_name) @name (keyframe_block_list) @body) @definition.rule
(at_rule (at_keyword) @name (block) @body) @definition.rule

[(comment) (js_comment)] @comment
[(string_value) (color_value) (integer_value) (float_value) (plain_value)] @literal
(call_expression (function_name) @call)
