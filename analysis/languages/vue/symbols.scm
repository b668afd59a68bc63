; provider: tree_sitter_html language
; extensions: .vue
; names: whole
; blanked: \{\{[^{}\n]*\}\}

((element (start_tag (tag_name) @name)) @definition.section (#eq? @name "template") (#set! deepest "1"))
((element (start_tag (attribute (attribute_name) @attribute [(attribute_value) @name (quoted_attribute_value (attribute_value) @name)]))) @definition.section
  (#eq? @attribute "id"))

(comment) @comment
[(quoted_attribute_value) (text) (attribute_value)] @literal
(script_element (raw_text) @embedded)
(style_element (raw_text) @embedded)
