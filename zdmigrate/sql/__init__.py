"""SQL text to statements to operations; the only room that knows libpg_query and sqlglot."""
