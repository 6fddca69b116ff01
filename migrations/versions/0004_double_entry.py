"""Double entry, custom fields, more of what reports give, and dismissed doubts.

SQLite cannot change a CHECK in place: there the table of results is copied into one that has the
new rules, with its rows and indexes. Foreign keys are off while migrations run.
"""

import sqlalchemy as sa
from alembic import op
from idioms import choice, forbid_changes, forget_frozen, is_sqlite, refers

revision = "0004_double_entry"
down_revision = "0003_screening"

FROZEN = ("field_version", "resolution", "dismissal")
"""Tables whose rows are written once."""

OLD_KEY = (
    "entry_id, arm_id, coalesce(versus_arm_id, 0), instrument_id, rater, timepoint, analysis_set"
)
NEW_KEY = f"{OLD_KEY}, coalesce(with_instrument_id, 0)"
OLD_LEVELS = "level IN ('arm', 'contrast')"
NEW_LEVELS = "level IN ('arm', 'contrast', 'association')"
ASSOCIATION = "(level = 'association') = (with_instrument_id IS NOT NULL)"

REAL, TEXT, CHOICE, BOOLEAN = sa.Double(), sa.Text(), sa.String(40), sa.Boolean()

COLUMNS = {
    "instrument": (("step", REAL, "step > 0"),),
    "study": (
        (
            "randomised",
            CHOICE,
            "randomised IN ('individual', 'cluster', 'crossover', 'not_randomised')",
        ),
        ("cluster_size", REAL, "cluster_size >= 1"),
        ("icc", REAL, "icc >= 0 AND icc <= 1"),
        ("therapists", CHOICE, "therapists IN ('crossed', 'nested')"),
        ("setting", TEXT, None),
        ("diagnosis", TEXT, None),
        ("funding", TEXT, None),
    ),
    "arm": (
        (
            "role",
            CHOICE,
            (
                "role IN ('intervention', 'active_control', 'usual_care', 'wait_list', "
                "'no_treatment', 'placebo')"
            ),
        ),
        ("sessions", REAL, "sessions >= 0"),
        ("therapist_training", TEXT, None),
    ),
    "entry": (("finished_at", sa.String(27), None),),
    "result": (
        ("with_instrument_id", sa.Integer(), None),
        ("weeks", REAL, "weeks >= 0"),
        ("ci_level", REAL, "ci_level > 0.5 AND ci_level < 1"),
        *((name, REAL, None) for name in ("median", "q1", "q3", "minimum", "maximum")),
        ("baseline_mean", REAL, None),
        ("baseline_sd", REAL, "baseline_sd >= 0"),
        ("mean_change", REAL, None),
        ("sd_change", REAL, "sd_change >= 0"),
        ("correlation", REAL, "correlation >= -1 AND correlation <= 1"),
        ("t", REAL, None),
        ("f", REAL, "f >= 0"),
        ("p", REAL, "p >= 0 AND p <= 1"),
        ("p_below", REAL, "p_below > 0 AND p_below <= 1"),
        ("adjusted", BOOLEAN, "adjusted IN (0, 1)"),
        ("covariates", TEXT, None),
        ("clusters_analysed", BOOLEAN, "clusters_analysed IN (0, 1)"),
        ("favours", TEXT, None),
        ("not_reported", TEXT, None),
    ),
}
"""New columns by table: name, type and rule."""

# SQLAlchemy names the rule of an enumeration after its class, lower-cased.
RULE_NAMES = {"role": "armrole"}
VERSIONED = ("study", "arm")
"""Tables whose rows get a version that forms carry."""


def add_columns(table: str) -> None:
    """Add columns with their rules."""
    dialect = op.get_bind().dialect
    for name, kind, rule in COLUMNS[table]:
        statement = f"ALTER TABLE {table} ADD COLUMN {name} {kind.compile(dialect=dialect)}"
        if rule is not None and (is_sqlite() or not isinstance(kind, sa.Boolean)):
            statement += f" CONSTRAINT ck_{table}_{RULE_NAMES.get(name, name)} CHECK ({rule})"
        op.execute(statement)
    if table in VERSIONED:
        op.execute(f"ALTER TABLE {table} ADD COLUMN version INTEGER DEFAULT 1 NOT NULL")


def drop_columns(table: str) -> None:
    """Take the columns away again; their rules go with them."""
    names = [name for name, _, _ in COLUMNS[table]]
    if table in VERSIONED:
        names.append("version")
    for name in reversed(names):
        op.execute(f"ALTER TABLE {table} DROP COLUMN {name}")


def copy_results(*changes: tuple[str, str]) -> None:
    """Rebuild SQLite's table of results by its own text, with passages of it replaced."""
    bind = op.get_bind()
    catalogue = "SELECT sql FROM sqlite_master WHERE tbl_name = 'result' AND type = '{}'"
    made = bind.exec_driver_sql(catalogue.format("table")).scalar_one()
    indexes = bind.exec_driver_sql(catalogue.format("index") + " AND sql IS NOT NULL").scalars()
    statements = list(indexes)
    _, body = made.split("(", 1)
    for old, new in changes:
        if old not in body:
            raise RuntimeError(f"the table of results does not say: {old}")
        body = body.replace(old, new)
    bind.exec_driver_sql(f"CREATE TABLE result_copy ({body}")
    bind.exec_driver_sql("INSERT INTO result_copy SELECT * FROM result")
    bind.exec_driver_sql("DROP TABLE result")
    bind.exec_driver_sql("ALTER TABLE result_copy RENAME TO result")
    for statement in statements:
        bind.exec_driver_sql(statement)


WITH_INSTRUMENT = (
    "CONSTRAINT fk_result_with_instrument_id FOREIGN KEY(with_instrument_id) "
    "REFERENCES instrument (id) ON DELETE RESTRICT"
)
PLACE = "CONSTRAINT pk_result PRIMARY KEY (id)"
"""A constraint of results that stands by itself: new ones are put before it."""


def upgrade() -> None:
    for table in COLUMNS:
        add_columns(table)
    op.drop_index("uq_result_key", table_name="result")
    association = f"CONSTRAINT ck_result_association CHECK ({ASSOCIATION})"
    if is_sqlite():
        copy_results(
            (OLD_LEVELS, NEW_LEVELS), (PLACE, f"{association}, \n\t{WITH_INSTRUMENT}, \n\t{PLACE}")
        )
    else:
        op.execute("ALTER TABLE result DROP CONSTRAINT ck_result_level")
        op.execute(f"ALTER TABLE result ADD CONSTRAINT ck_result_level CHECK ({NEW_LEVELS})")
        op.execute(f"ALTER TABLE result ADD {association}")
        op.execute(f"ALTER TABLE result ADD {WITH_INSTRUMENT}")
    op.execute(f"CREATE UNIQUE INDEX uq_result_key ON result ({NEW_KEY})")
    op.create_table(
        "field_version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("review_id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("level", choice("fieldlevel", "study", "arm", "result"), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column(
            "kind",
            choice("fieldkind", "text", "number", "choice", "multiple", "date"),
            nullable=False,
        ),
        sa.Column("choices", sa.Text(), nullable=False),
        sa.Column("lowest", sa.Double(), nullable=True),
        sa.Column("highest", sa.Double(), nullable=True),
        sa.Column("retired", sa.Boolean(create_constraint=True, name="retired"), nullable=False),
        sa.Column("made_at", sa.String(27), nullable=False),
        sa.CheckConstraint("number >= 1", name="number"),
        sa.CheckConstraint("lowest < highest", name="range"),
        refers("field_version", "review_id", "review"),
        sa.PrimaryKeyConstraint("id", name="pk_field_version"),
        sa.UniqueConstraint(
            "review_id", "slug", "number", name="uq_field_version_review_id_slug_number"
        ),
    )
    op.create_table(
        "entry_value",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("arm_id", sa.Integer(), nullable=True),
        sa.Column("result_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=True),
        sa.Column("field_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("arm_id IS NULL OR result_id IS NULL", name="one_place"),
        sa.CheckConstraint("version >= 1", name="version"),
        refers("entry_value", "arm_id", "arm"),
        refers("entry_value", "entry_id", "entry"),
        refers("entry_value", "field_id", "field_version"),
        refers("entry_value", "result_id", "result"),
        sa.PrimaryKeyConstraint("id", name="pk_entry_value"),
    )
    op.create_index("ix_entry_value_result_id", "entry_value", ["result_id"], unique=False)
    op.create_index(
        "uq_entry_value_place",
        "entry_value",
        ["entry_id", sa.text("coalesce(arm_id, 0)"), sa.text("coalesce(result_id, 0)"), "name"],
        unique=True,
    )
    op.create_table(
        "resolution",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("cell", sa.String(12), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("first_entry_id", sa.Integer(), nullable=False),
        sa.Column("second_entry_id", sa.Integer(), nullable=False),
        sa.Column("first", sa.Text(), nullable=True),
        sa.Column("second", sa.Text(), nullable=True),
        sa.Column("taken", choice("taken", "first", "second", "other"), nullable=False),
        sa.Column("value", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("decided_at", sa.String(27), nullable=False),
        refers("resolution", "first_entry_id", "entry"),
        refers("resolution", "person_id", "person"),
        refers("resolution", "second_entry_id", "entry"),
        refers("resolution", "study_id", "study"),
        sa.PrimaryKeyConstraint("id", name="pk_resolution"),
    )
    op.create_index("ix_resolution_study_id", "resolution", ["study_id"], unique=False)
    op.create_table(
        "dismissal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(12), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("dismissed_at", sa.String(27), nullable=False),
        refers("dismissal", "person_id", "person"),
        refers("dismissal", "study_id", "study"),
        sa.PrimaryKeyConstraint("id", name="pk_dismissal"),
        sa.UniqueConstraint("study_id", "key", name="uq_dismissal_study_id_key"),
    )
    forbid_changes(*FROZEN)


def downgrade() -> None:
    for table in ("dismissal", "resolution", "entry_value", "field_version"):
        op.drop_table(table)
    op.drop_index("uq_result_key", table_name="result")
    association = f"CONSTRAINT ck_result_association CHECK ({ASSOCIATION})"
    if is_sqlite():
        copy_results(
            (NEW_LEVELS, OLD_LEVELS), (f"{association}, \n\t{WITH_INSTRUMENT}, \n\t{PLACE}", PLACE)
        )
    else:
        op.execute("ALTER TABLE result DROP CONSTRAINT fk_result_with_instrument_id")
        op.execute("ALTER TABLE result DROP CONSTRAINT ck_result_association")
        op.execute("ALTER TABLE result DROP CONSTRAINT ck_result_level")
        op.execute(f"ALTER TABLE result ADD CONSTRAINT ck_result_level CHECK ({OLD_LEVELS})")
        forget_frozen(*FROZEN)
    for table in reversed(COLUMNS):
        drop_columns(table)
    op.execute(f"CREATE UNIQUE INDEX uq_result_key ON result ({OLD_KEY})")
