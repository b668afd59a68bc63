; provider: tree_sitter_html language
; extensions: .html .htm .xhtml
; names: whole
; blanked: \{\{[^{}\n]*\}\}
; blanked: \{%[^%\n]*%\}

((element (start_tag (attribute (attribute_name) @attribute [(attribute_value) @name (quoted_attribute_value (attribute_value) @name)]))) @definition.section
  (#eq? @attribute "id"))
((element (start_tag (tag_name) @heading)) @name.text @definition.section (#match? @heading "^[hH][1-6]$"))
((element (start_tag (tag_name) @name)) @definition.section
  (#any-of? @name "head" "body" "main" "nav" "header" "footer" "article" "aside"))

(comment) @comment
[(quoted_attribute_value) (text) (attribute_value)] @literal
(script_element (raw_text) @embedded)
(style_element (raw_text) @embedded)
