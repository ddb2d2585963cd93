"""A revision as somebody writes it whose revisions mypy checks: with --strict, as all files of tests are.

The comments are tests, too: mypy fails where one of them is not needed, because a mistake is not seen.
"""

from __future__ import annotations

import sqlalchemy as sa

from zdmigrate.alembic import op

revision = "t2"
down_revision = "t1"
branch_labels = None
depends_on = None
zd_phase = "expand"

USERS = sa.Table("users", sa.MetaData(), sa.Column("id", sa.BigInteger()), sa.Column("name", sa.Text()))


def upgrade() -> None:
    op.add_column("users", sa.Column("email", sa.Text()))
    op.backfill("UPDATE users SET email = '' WHERE email IS NULL")
    op.create_index_safely("users_email_idx", "users", ["email"])
    op.rename_column_safely("name", "full_name", copy_from=USERS)


def downgrade() -> None:
    op.rename_column_safely("name", "full_name", copy_from=USERS, phase="revert")
    op.drop_index_safely("users_email_idx", "users")
    op.drop_column("users", "email")


def mistakes() -> None:
    """Never run."""
    op.backfill()  # type: ignore[call-arg]
    op.create_index_safely("users_email_idx", "users", 5)  # type: ignore[arg-type]
    op.rename_column_safely("name", "full_name", copy_from=USERS, phase="later")  # type: ignore[arg-type]
