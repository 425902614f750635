"""People and how they sign in: registers, roles, accounts, sign-ins; who holds a unit and runs it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "registry_imports",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("uuid", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("changes", postgresql.JSONB(), nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("imported_by", sa.Text(), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_by", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registry_imports")),
        sa.UniqueConstraint("uuid", name=op.f("uq_registry_imports_uuid")),
    )
    op.create_table(
        "sign_in_failures",
        sa.Column("subject", sa.LargeBinary(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_sign_in_failures")),
    )
    op.create_table(
        "accounts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("password_set_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("must_change", sa.Boolean(), nullable=False),
        sa.Column("totp_encrypted", sa.LargeBinary(), nullable=True),
        sa.Column("totp_confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("totp_step", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_accounts_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
        sa.UniqueConstraint("person_id", name=op.f("uq_accounts_person_id")),
    )
    op.create_table(
        "external_identities",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_external_identities_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_external_identities")),
        sa.UniqueConstraint("issuer", "subject", name=op.f("uq_external_identities_issuer_subject")),
    )
    op.create_table(
        "unit_holders",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("holding", sa.VARCHAR(), nullable=False),
        sa.Column("organisation_id", sa.BigInteger(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=True),
        postgresql.ExcludeConstraint(
            (sa.column("unit_id"), "="),
            (sa.column("holding"), "="),
            (sa.text("daterange(from_on, until_on, '[]')"), "&&"),
            using="gist",
            name="ex_unit_holders_one_at_a_time",
        ),
        sa.CheckConstraint("until_on >= from_on", name=op.f("ck_unit_holders_begins_before_it_ends")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_unit_holders_organisation_id")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_unit_holders_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unit_holders")),
    )
    op.create_table(
        "sign_ins",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("uuid", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("role_id", sa.BigInteger(), nullable=True),
        sa.Column("by", sa.VARCHAR(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_because", sa.VARCHAR(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_sign_ins_person_id")),
        sa.ForeignKeyConstraint(["role_id"], ["person_roles.id"], name=op.f("fk_sign_ins_role_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_ins")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_sign_ins_token_hash")),
        sa.UniqueConstraint("uuid", name=op.f("uq_sign_ins_uuid")),
    )
    op.create_index("ix_sign_ins_open", "sign_ins", ["person_id"], unique=False, postgresql_where="ended_at is null")
    op.add_column("organisations", sa.Column("sor", sa.Text(), nullable=True))
    op.add_column("organisations", sa.Column("gln", sa.Text(), nullable=True))
    op.create_index("ix_organisations_gln", "organisations", ["gln"], unique=False, postgresql_where="gln is not null")
    op.create_index("uq_organisations_sor", "organisations", ["sor"], unique=True, postgresql_where="sor is not null")
    op.add_column(
        "people",
        sa.Column(
            "mail_about",
            postgresql.ARRAY(sa.Text()),
            server_default="{notice,reminder,escalation,miss}",
            nullable=False,
        ),
    )
    op.add_column(
        "people",
        sa.Column(
            "sms_about", postgresql.ARRAY(sa.Text()), server_default="{notice,reminder,escalation,miss}", nullable=False
        ),
    )
    op.add_column("person_roles", sa.Column("uuid", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False))
    op.add_column("person_roles", sa.Column("state", sa.VARCHAR(), server_default="in_force", nullable=False))
    op.add_column(
        "person_roles",
        sa.Column("granted_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
    )
    op.add_column("person_roles", sa.Column("granted_by", sa.Text(), server_default="Overgang", nullable=False))
    op.add_column("person_roles", sa.Column("granted_by_id", sa.BigInteger(), nullable=True))
    op.add_column("person_roles", sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("person_roles", sa.Column("approved_by", sa.Text(), nullable=True))
    op.add_column("person_roles", sa.Column("approved_by_id", sa.BigInteger(), nullable=True))
    op.add_column("person_roles", sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("person_roles", sa.Column("ended_by", sa.Text(), nullable=True))
    op.drop_constraint(op.f("uq_person_roles_unit_id_role_person_id"), "person_roles", type_="unique")
    op.create_index(
        "ix_person_roles_person_id", "person_roles", ["person_id"], unique=False, postgresql_where="state <> 'ended'"
    )
    op.create_index(
        "uq_person_roles_open",
        "person_roles",
        ["unit_id", "role", "person_id"],
        unique=True,
        postgresql_where="state <> 'ended'",
    )
    op.create_unique_constraint(op.f("uq_person_roles_uuid"), "person_roles", ["uuid"])
    op.add_column("units", sa.Column("phone_night", sa.Text(), nullable=True))
    op.add_column("units", sa.Column("reads_from", sa.Time(), nullable=True))
    op.add_column("units", sa.Column("reads_until", sa.Time(), nullable=True))
    op.add_column("units", sa.Column("sor", sa.Text(), nullable=True))
    op.add_column("units", sa.Column("gln", sa.Text(), nullable=True))
    op.create_index("ix_units_gln", "units", ["gln"], unique=False, postgresql_where="gln is not null")
    op.create_index("uq_units_sor", "units", ["sor"], unique=True, postgresql_where="sor is not null")
    op.create_check_constraint(op.f("ck_organisations_sor_is_a_number"), "organisations", "sor ~ '^[0-9]{6,19}$'")
    op.create_check_constraint(op.f("ck_organisations_gln_has_13_digits"), "organisations", "gln ~ '^[0-9]{13}$'")
    op.create_check_constraint(op.f("ck_units_sor_is_a_number"), "units", "sor ~ '^[0-9]{6,19}$'")
    op.create_check_constraint(op.f("ck_units_gln_has_13_digits"), "units", "gln ~ '^[0-9]{13}$'")
    op.create_check_constraint(
        op.f("ck_units_reads_from_until"), "units", "(reads_from is null) = (reads_until is null)"
    )
    op.create_check_constraint(
        op.f("ck_person_roles_a_second_person_agreed"),
        "person_roles",
        "state <> 'in_force' or granted_by_id is null or (approved_by_id is not null and approved_by_id <> "
        "granted_by_id and approved_by_id <> person_id)",
    )


def downgrade() -> None:
    op.drop_table("sign_ins")
    op.execute("delete from person_roles where state <> 'in_force'")  # the tables before know only roles in force
    op.drop_constraint(op.f("ck_person_roles_a_second_person_agreed"), "person_roles", type_="check")
    op.drop_constraint(op.f("ck_units_reads_from_until"), "units", type_="check")
    op.drop_constraint(op.f("ck_units_gln_has_13_digits"), "units", type_="check")
    op.drop_constraint(op.f("ck_units_sor_is_a_number"), "units", type_="check")
    op.drop_constraint(op.f("ck_organisations_gln_has_13_digits"), "organisations", type_="check")
    op.drop_constraint(op.f("ck_organisations_sor_is_a_number"), "organisations", type_="check")
    op.drop_index("uq_units_sor", table_name="units", postgresql_where="sor is not null")
    op.drop_index("ix_units_gln", table_name="units", postgresql_where="gln is not null")
    op.drop_column("units", "gln")
    op.drop_column("units", "sor")
    op.drop_column("units", "reads_until")
    op.drop_column("units", "reads_from")
    op.drop_column("units", "phone_night")
    op.drop_constraint(op.f("uq_person_roles_uuid"), "person_roles", type_="unique")
    op.drop_index("uq_person_roles_open", table_name="person_roles", postgresql_where="state <> 'ended'")
    op.drop_index("ix_person_roles_person_id", table_name="person_roles", postgresql_where="state <> 'ended'")
    op.create_unique_constraint(
        op.f("uq_person_roles_unit_id_role_person_id"),
        "person_roles",
        ["unit_id", "role", "person_id"],
        postgresql_nulls_not_distinct=False,
    )
    op.drop_column("person_roles", "ended_by")
    op.drop_column("person_roles", "ended_at")
    op.drop_column("person_roles", "approved_by_id")
    op.drop_column("person_roles", "approved_by")
    op.drop_column("person_roles", "approved_at")
    op.drop_column("person_roles", "granted_by_id")
    op.drop_column("person_roles", "granted_by")
    op.drop_column("person_roles", "granted_at")
    op.drop_column("person_roles", "state")
    op.drop_column("person_roles", "uuid")
    op.drop_column("people", "sms_about")
    op.drop_column("people", "mail_about")
    op.drop_index("uq_organisations_sor", table_name="organisations", postgresql_where="sor is not null")
    op.drop_index("ix_organisations_gln", table_name="organisations", postgresql_where="gln is not null")
    op.drop_column("organisations", "gln")
    op.drop_column("organisations", "sor")
    op.drop_table("unit_holders")
    op.drop_table("external_identities")
    op.drop_table("accounts")
    op.drop_table("sign_in_failures")
    op.drop_table("registry_imports")
