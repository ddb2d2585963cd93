"""BEGIN to COMMIT, savepoints, SET and RESET, LOCK TABLE."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from zdmigrate.schema import operations as o
from zdmigrate.sql.lift.nodes import Node, relation

if TYPE_CHECKING:
    from zdmigrate.sql.lift.source import Source

TRANSACTIONS: dict[str, type[o.Transaction]] = {
    "BEGIN": o.Begin,
    "START": o.Begin,
    "COMMIT": o.Commit,
    "ROLLBACK": o.Rollback,
    "SAVEPOINT": o.Savepoint,
    "RELEASE": o.ReleaseSavepoint,
    "ROLLBACK_TO": o.RollbackToSavepoint,
    "PREPARE": o.PrepareTransaction,
    "COMMIT_PREPARED": o.PrepareTransaction,
    "ROLLBACK_PREPARED": o.PrepareTransaction,
}


def transaction(body: Node, source: Source) -> tuple[o.Operation, ...]:
    """A transaction command; COMMIT AND CHAIN begins the next transaction at once."""
    operation = TRANSACTIONS[body["kind"].removeprefix("TRANS_STMT_")]
    done = operation(span=source.span, name=body.get("savepoint_name") or body.get("gid"))
    return (done, o.Begin(span=source.span)) if body.get("chain") else (done,)


def lock_table(body: Node, source: Source) -> tuple[o.Operation, ...]:
    nowait = body.get("nowait", False)
    return tuple(
        o.LockTable(span=source.span, relation=relation(node["RangeVar"]), mode=body["mode"], nowait=nowait)
        for node in body["relations"]
    )


# --------------------------------------------------------------------------- settings


def set_variable(body: Node, source: Source) -> tuple[o.Operation, ...]:
    kind, local = body["kind"], body.get("is_local", False)
    if kind == "VAR_SET_MULTI":
        return _set_transaction(body, source)
    if kind == "VAR_SET_CURRENT":  # leaves the value as it is
        return (o.SessionCommand(span=source.span, statement="set_from_current"),)
    name = "all" if kind == "VAR_RESET_ALL" else body["name"].lower()
    value = setting_value(body["args"]) if kind == "VAR_SET_VALUE" else None
    return (o.SetVariable(span=source.span, name=name, value=value, local=local),)


def _set_transaction(body: Node, source: Source) -> tuple[o.Operation, ...]:
    """SET TRANSACTION is for this transaction; SET SESSION CHARACTERISTICS gives all later ones their default."""
    session = body["name"] != "TRANSACTION"
    operations = []
    for node in body["args"]:
        name, value = (
            ("transaction_snapshot", node)
            if "A_Const" in node
            else (node["DefElem"]["defname"], node["DefElem"]["arg"])
        )
        name = f"default_{name}" if session else name
        operations.append(o.SetVariable(span=source.span, name=name, value=_constant(value), local=not session))
    return tuple(operations)


def setting_value(arguments: list[Node]) -> str:
    """The value as text; the items of a list are quoted like names, as ``search_path`` wants them."""
    if len(arguments) > 1:
        return ", ".join(_as_name(_constant(argument)) for argument in arguments)
    constant = arguments[0] if "A_Const" in arguments[0] else arguments[0]["TypeCast"]["arg"]
    return _constant(constant)


def _as_name(text: str) -> str:
    return text if re.fullmatch(r"[a-z_][a-z0-9_$]*", text) else '"' + text.replace('"', '""') + '"'


def _constant(node: Node) -> str:
    return str(constant_value(node))


def constant_value(node: Node) -> Any:
    """The Python value of a literal; None for NULL. KeyError for what is no literal."""
    constant = node["A_Const"]
    if "sval" in constant:
        return constant["sval"].get("sval", "")
    if "ival" in constant:
        return constant["ival"].get("ival", 0)
    if "boolval" in constant:
        return constant["boolval"].get("boolval", False)
    return None if constant.get("isnull") else constant["fval"]["fval"]


STATEMENTS = {
    "TransactionStmt": transaction,
    "LockStmt": lock_table,
    "VariableSetStmt": set_variable,
}
