; provider: tree_sitter_markdown language
; extensions: .md .markdown .mdown .mkd .mdx
; names: whole
; statements: lines

(section . (atx_heading heading_content: (_) @name)) @definition.section
((setext_heading heading_content: (_) @name) @definition.section (#set! rest "1"))

(html_block) @comment
[(fenced_code_block) (indented_code_block)] @literal
