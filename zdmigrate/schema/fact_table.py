"""Every fact that a rule's match or message may name: its name, what it is when it does not apply, its meaning."""

from __future__ import annotations

Facts = dict[str, str | int | bool]

FACTS: dict[str, tuple[str | bool, str]] = {
    # what is done, where
    "operation": ("", "the operation's kind: add_column, create_index …"),
    "statement": ("", "the grammar's name for a statement that is not understood or does nothing to the schema"),
    "reason": ("", "why an operation is not understood"),
    "section": ("", "expand, backfill, contract, revert; empty in a file without markers"),
    "relation": ("", "the relation with its schema: public.users"),
    "table": ("", "the table as the statement names it; for an index, its table as the catalog knows it"),
    "column": ("", "the column that is added, changed, dropped or renamed"),
    "columns": ("", "the columns of a constraint or index, between commas"),
    "name": ("", "the name of the constraint, index, trigger, function, type … that the operation is about"),
    "new_name": ("", "the name, or schema, that a rename or SET SCHEMA gives"),
    "index": ("", "the index that is made, dropped, rebuilt, or taken over by USING INDEX"),
    "type": ("", "the type of the new column, or the new type of the column, as written"),
    "expression": ("", "a CHECK's or default's expression as written"),
    "references": ("", "the table that a foreign key points at"),
    "referenced_columns": ("", "the columns that a foreign key points at, between commas"),
    "other": ("", "the partition, parent or other table that the operation joins or parts from the table"),
    "object_type": ("", "the kind of an object that is no relation: type, schema, function …"),
    "constraint_type": ("", "check, not_null, unique, primary_key, foreign_key, exclude; empty where unknown"),
    "options": ("", "the storage parameters that are set, between commas"),
    # what it costs
    "lock": ("", "the strongest lock on the table, in the words of LOCK TABLE: ACCESS EXCLUSIVE"),
    "blocks": ("", "what the lock stops: 'reads and writes', 'writes', or nothing"),
    "held_lock": ("", "the strongest lock that other statements of the transaction, or clauses, put on the table"),
    "held_blocks": ("", "what that lock stops: 'reads and writes', 'writes', or nothing"),
    "rewrites": (False, "every row of a table is written anew"),
    "scans": (False, "every row of a table is read"),
    "row_work": ("", "in words: writes every row anew, reads every row, builds an index; as much as is known"),
    "builds_index": (False, "an index is built"),
    "refuses_transaction": (False, "PostgreSQL refuses it inside a transaction block"),
    "analysed": (True, "the operation is understood"),
    # what is known before it
    "in_transaction": (False, "a BEGIN of the change is open"),
    "table_is_new": (False, "this change made the table, or it is temporary: no app has rows in it"),
    "column_is_new": (False, "this change added the column"),
    "constraint_is_new": (False, "this change added the constraint"),
    "object_is_new": (False, "this change made the relation, function, trigger … that the operation is about"),
    "temporary": (False, "the table is temporary"),
    "unlogged": (False, "the table is unlogged"),
    "partitioned": (False, "the table is partitioned, as far as the catalog knows"),
    "name_is_kept": (False, "a view of the old name is made in the same transaction"),
    # the words of the statement
    "concurrently": (False, "CONCURRENTLY is written"),
    "if_exists": (False, "IF EXISTS is written"),
    "cascade": (False, "CASCADE is written"),
    "only": (False, "ONLY is written"),
    "unique": (False, "the index is unique"),
    "not_valid": (False, "NOT VALID or NOT ENFORCED is written: no row is checked now"),
    "using_index": (False, "USING INDEX is written: no index is built"),
    "using_index_nullable": (False, "a column of that index is not known to be NOT NULL"),
    "not_null": (False, "the new column is NOT NULL"),
    "has_default": (False, "the new column gets a value by itself: DEFAULT, identity, serial, or generated"),
    "volatile_default": (False, "the new column's default calls a volatile or unknown function"),
    "identity": (False, "the new column is an identity or serial column"),
    "generated": ("", "stored or virtual"),
    "required": (False, "the new column is NOT NULL and gets no value by itself"),
    # what follows from both
    "inline": ("", "the constraints written on the new column, between commas: check, unique, primary_key …"),
    "fills": ("", "why every row is written: volatile default, sequence, stored generation, constrained domain"),
    "proven_not_null": (False, "the column is NOT NULL already, or a validated CHECK (column IS NOT NULL) says so"),
    "type_change": ("", "none, scan (a CHECK on the column is verified again) or rewrite"),
    "validated_in_same_transaction": (False, "the validation reads rows while held_lock stops writes"),
    "whole_table": (False, "an UPDATE or DELETE without WHERE"),
    "batched": (False, "an UPDATE or DELETE of few rows whatever is in the table: a key range, ctid, or a LIMIT"),
    "repeatable": (True, "harmless when it meets a row twice"),
    "additive": (True, "no older app version can notice it"),
    "breaks_old": ("", "what an older app version would notice"),
}

DEFAULTS: Facts = {name: default for name, (default, _) in FACTS.items()}
