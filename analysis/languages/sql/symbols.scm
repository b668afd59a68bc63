; provider: tree_sitter_sql language
; extensions: .sql .ddl .psql .pgsql
; qualifiers: modules
; blanked: ^\\(?:[a-z?!]|$).*$
; blanked: (?i:^[\x20\t]*PREPARE[\x20\t]+\w+(?:[\x20\t]*\([^()]*\))?[\x20\t]+AS\b)
; blanked: (?i:\bINHERITS[\x20\t]*\([^()]*\))
; blanked: (?i:\bDEFINER[\x20\t]*=[\x20\t]*\S+)
; shown: \$(?P<tag>\w*)\$((?:\s|--[^\n]*\n|/\*(?:[^*]|\*[^/])*\*/)*(?i:DECLARE|BEGIN|<<)(?:[^$]++|\$(?!(?P=tag)\$)){0,400}+)\$(?P=tag)\$ = SELECT\x20a
; shown: \b((?i:DO)\s+(?:(?i:LANGUAGE)\s+\w+\s+)?\$(?P<tag>\w*)\$)((?:[^$]++|\$(?!(?P=tag)\$)){0,400}+)(\$(?P=tag)\$) \x20 = SELECT\x20a \x20
; shown: (?i:\bCREATE\s+(DOMAIN)\s+[\w.\x22]++)(\s[^;]{0,2000}+); TYPE \x20
; shown: (?<![\w\]]|\))(\[)[A-Za-z_]\w*(\]) \x20 \x20
; blanked: (?i:^[\x20\t]*(?:DELIMITER|USE|PRAGMA)\b.*$)
; blanked: (?i:^[\x20\t]*(?:SET[\x20\t]+\w+[\x20\t]+(?:ON|OFF)\b.*|/)[\x20\t]*\r?$)
; blanked: (?i:\b(?:IDENTITY[\x20\t]*\(\d+,\d+\)|(?:NON)?CLUSTERED\b|ON[\x20\t]+\[PRIMARY\]|TEXTIMAGE_ON[\x20\t]+\[PRIMARY\]))
; shown: ^[\x20\t]*((?i:GO))[\x20\t]*\r?$ ;
; shown: (?i:\bCREATE\s+(VIRTUAL)\s+TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?[\w.]+)(\s+(?i:USING)\s+\w+[^;]*) \x20 (a\x20b)
; shown: (?i:\bCREATE\s+(?:OR\s+(?:REPLACE|ALTER)\s+)?(?:DEFINER\s*=\s*\S+\s+)?(?:(PROCEDURE)|FUNCTION)\s+[\w.\[\]\x22`]+)((?>(?:(?!(?i:\bCREATE\s+(?:OR\s+(?:REPLACE|ALTER)\s+)?(?:DEFINER\b|PROCEDURE|FUNCTION|TRIGGER|TEMP))|\s(?i:AS)\s+[$']|\b(?i:END)\b[\x20\t]*\w*[\x20\t]*(?:;;|//|;?(?=\s*^[\x20\t]*(?:GO|go|/)?[\x20\t]*\r?$))|\S(?=\s*^[\x20\t]*(?:GO|go)[\x20\t]*\r?$))[^$]){1,20000}))(?:((?i:END))\b([\x20\t]*\w*[\x20\t]*(?:;;|//|;?(?=\s*^[\x20\t]*(?:GO|go|/)?[\x20\t]*\r?$)))|(\S)(?=\s*^[\x20\t]*(?:GO|go)[\x20\t]*\r?$)) FUNCTION ()\x20RETURNS\x20int\x20RETURN a ;; a
; shown: (?i:\bCREATE\s+(?:TEMP(?:ORARY)?\s+)?TRIGGER\s+(?:IF\s+NOT\s+EXISTS\s+)?[\w.\[\]\x22`]+)(\s(?>(?:(?!(?i:\bCREATE\s+(?:OR\s+(?:REPLACE|ALTER)\s+)?(?:DEFINER\b|PROCEDURE|FUNCTION|TRIGGER|TEMP))|\b(?i:BEGIN)\b)[^;$]){10,2000})(?i:BEGIN)\b(?>(?:(?!(?i:\bCREATE\s+(?:OR\s+(?:REPLACE|ALTER)\s+)?(?:DEFINER\b|PROCEDURE|FUNCTION|TRIGGER|TEMP))|\b(?i:END)\b[\x20\t]*(?:;|//))[^$]){0,20000}))((?i:END))\b([\x20\t]*(?:;;|//|;)) \x20AFTER\x20INSERT\x20ON\x20a\x20EXECUTE\x20FUNCTION a() ;

(create_table (object_reference schema: (_)? @qualifier name: (_) @name) (column_definitions) @body) @definition.table
(create_table (object_reference schema: (_)? @qualifier name: (_) @name)) @definition.table
(create_view (object_reference schema: (_)? @qualifier name: (_) @name) (create_query) @body) @definition.table
(create_materialized_view (object_reference schema: (_)? @qualifier name: (_) @name) (create_query) @body) @definition.table
(create_function (object_reference schema: (_)? @qualifier name: (_) @name) (function_body) @body) @definition.function
(create_function (object_reference schema: (_)? @qualifier name: (_) @name)) @definition.function
(create_procedure (object_reference schema: (_)? @qualifier name: (_) @name) (procedure_body) @body) @definition.function
(create_procedure (object_reference schema: (_)? @qualifier name: (_) @name)) @definition.function
(create_trigger . (_) (keyword_trigger) . (object_reference) @name) @definition.function
(create_trigger (object_reference) @name) @definition.function
(create_type (object_reference schema: (_)? @qualifier name: (_) @name)) @definition.type
(create_index column: (_) @name) @definition.constant
(create_sequence (object_reference schema: (_)? @qualifier name: (_) @name)) @definition.constant
(create_schema (identifier) @name) @definition.module
(create_database (identifier) @name) @definition.module

(statement) @wrapper.single
[(comment) (marginalia)] @comment
(literal) @literal
(invocation (object_reference) @call)
