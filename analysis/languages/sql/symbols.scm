; provider: tree_sitter_sql language
; extensions: .sql .ddl .psql .pgsql

(create_table (object_reference) @name (column_definitions) @body) @definition.table
(create_table (object_reference) @name) @definition.table
(create_view (object_reference) @name (create_query) @body) @definition.table
(create_materialized_view (object_reference) @name (create_query) @body) @definition.table
(create_function (object_reference) @name (function_body) @body) @definition.function
(create_function (object_reference) @name) @definition.function
(create_trigger . (_) (keyword_trigger) . (object_reference) @name) @definition.function
(create_trigger (object_reference) @name) @definition.function
(create_type (object_reference) @name) @definition.type
(create_index column: (_) @name) @definition.constant
(create_sequence (object_reference) @name) @definition.constant
(create_schema (identifier) @name) @definition.module
(create_database (identifier) @name) @definition.module

(statement) @wrapper.single
[(comment) (marginalia)] @comment
(literal) @literal
(invocation (object_reference) @call)
