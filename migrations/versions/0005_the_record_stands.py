"""The database itself refuses to change, remove or empty lines of the record, whoever asks.

Who may alter the schema can still take the triggers away: then the chain of hashes tells (`record verify`).
"""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

REFUSAL = "lines of the record are never changed or removed"
REFUSE = f"SELECT RAISE(ABORT, '{REFUSAL}')"
STANDS = "EXISTS (SELECT 1 FROM acts WHERE id = NEW.id OR hash = NEW.hash)"


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for what in ("UPDATE", "DELETE"):
            op.execute(f"CREATE TRIGGER acts_no_{what.lower()} BEFORE {what} ON acts BEGIN {REFUSE}; END")
        op.execute(  # INSERT OR REPLACE removes the line that stands there without a word to the trigger of DELETE
            f"CREATE TRIGGER acts_no_replace BEFORE INSERT ON acts WHEN {STANDS} BEGIN {REFUSE}; END"
        )
        return
    op.execute(
        "CREATE FUNCTION acts_stand() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'integrity_constraint_violation'; END $$"
    )
    for what, each in (("UPDATE", "ROW"), ("DELETE", "ROW"), ("TRUNCATE", "STATEMENT")):
        op.execute(
            f"CREATE TRIGGER acts_no_{what.lower()} BEFORE {what} ON acts FOR EACH {each} EXECUTE FUNCTION acts_stand()"
        )


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for what in ("update", "delete", "replace"):
            op.execute(f"DROP TRIGGER IF EXISTS acts_no_{what}")
        return
    for what in ("update", "delete", "truncate"):
        op.execute(f"DROP TRIGGER IF EXISTS acts_no_{what} ON acts")
    op.execute("DROP FUNCTION acts_stand()")
