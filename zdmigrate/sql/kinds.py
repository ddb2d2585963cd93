"""What a statement is called: its node's name in the grammar, as words."""

from __future__ import annotations

import re
from functools import cache

# names of nodes that do not say what the statement does
SPOKEN = {
    "AlterTSConfigurationStmt": "alter_text_search_configuration",
    "AlterTSDictionaryStmt": "alter_text_search_dictionary",
    "CheckPointStmt": "checkpoint",
    "CompositeTypeStmt": "create_composite_type",
    "ConstraintsSetStmt": "set_constraints",
    "CreateAmStmt": "create_access_method",
    "CreateEventTrigStmt": "create_event_trigger",
    "AlterEventTrigStmt": "alter_event_trigger",
    "CreateFdwStmt": "create_foreign_data_wrapper",
    "AlterFdwStmt": "alter_foreign_data_wrapper",
    "CreateOpClassStmt": "create_operator_class",
    "CreateOpFamilyStmt": "create_operator_family",
    "AlterOpFamilyStmt": "alter_operator_family",
    "CreatePLangStmt": "create_language",
    "CreateSeqStmt": "create_sequence",
    "AlterSeqStmt": "alter_sequence",
    "CreateStatsStmt": "create_statistics",
    "AlterStatsStmt": "alter_statistics",
    "CreateStmt": "create_table",
    "CreateTableSpaceStmt": "create_tablespace",
    "DropTableSpaceStmt": "drop_tablespace",
    "AlterTableSpaceOptionsStmt": "alter_tablespace",
    "CreateTrigStmt": "create_trigger",
    "CreatedbStmt": "create_database",
    "DropdbStmt": "drop_database",
    "IndexStmt": "create_index",
    "RefreshMatViewStmt": "refresh_materialized_view",
    "RuleStmt": "create_rule",
    "SecLabelStmt": "security_label",
    "VariableSetStmt": "set",
    "VariableShowStmt": "show",
    "ViewStmt": "create_view",
}


@cache
def statement_kind(node: str) -> str:
    """``alter_table`` for ``AlterTableStmt``."""
    if node in SPOKEN:
        return SPOKEN[node]
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", node.removesuffix("Stmt")).lower()
