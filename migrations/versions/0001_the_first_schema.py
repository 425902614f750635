"""The first schema: organisations, citizens, episodes and everything that hangs on them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


ONLY_ADDED_TO = (
    "history", "misses", "miss_verdicts", "reminders", "contact_attempts", "agreements", "agreement_rules",
)  # fmt: skip


def upgrade() -> None:
    op.execute("create extension if not exists btree_gist")
    op.create_table(
        "demo_clock",
        sa.Column("single", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("single", name=op.f("ck_demo_clock_one_row")),
        sa.PrimaryKeyConstraint("single", name=op.f("pk_demo_clock")),
    )
    op.create_table(
        "heartbeats",
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("part", name=op.f("pk_heartbeats")),
    )
    op.create_table(
        "organisations",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("uuid", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.VARCHAR(), nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("parent_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["parent_id"], ["organisations.id"], name=op.f("fk_organisations_parent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisations")),
        sa.UniqueConstraint("uuid", name=op.f("uq_organisations_uuid")),
    )
    op.create_table(
        "people",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("uuid", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("mobile", sa.Text(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people")),
        sa.UniqueConstraint("username", name=op.f("uq_people_username")),
        sa.UniqueConstraint("uuid", name=op.f("uq_people_uuid")),
    )
    op.create_table(
        "sweep_runs",
        sa.Column("sweep", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("runs", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("sweep", name=op.f("pk_sweep_runs")),
    )
    op.create_table(
        "agreements",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("uuid", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("region_id", sa.BigInteger(), nullable=True),
        sa.Column("municipality_id", sa.BigInteger(), nullable=True),
        sa.Column("pathway_key", sa.Text(), nullable=True),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("moves_open_deadlines", sa.Boolean(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["municipality_id"], ["organisations.id"], name=op.f("fk_agreements_municipality_id")),
        sa.ForeignKeyConstraint(["region_id"], ["organisations.id"], name=op.f("fk_agreements_region_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agreements")),
        sa.UniqueConstraint("uuid", name=op.f("uq_agreements_uuid")),
    )
    op.create_index("ix_agreements_region_id", "agreements", ["region_id", "valid_from"], unique=False)
    op.create_table(
        "citizens",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("uuid", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("cpr_encrypted", sa.LargeBinary(), nullable=False),
        sa.Column("cpr_fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("municipality_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["municipality_id"], ["organisations.id"], name=op.f("fk_citizens_municipality_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_citizens")),
        sa.UniqueConstraint("cpr_fingerprint", name=op.f("uq_citizens_cpr_fingerprint")),
        sa.UniqueConstraint("uuid", name=op.f("uq_citizens_uuid")),
    )
    op.create_table(
        "units",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("uuid", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("organisation_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.VARCHAR(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("phone_line", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("receives_for_municipality", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name=op.f("fk_units_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_units")),
        sa.UniqueConstraint("organisation_id", "name", name=op.f("uq_units_organisation_id_name")),
        sa.UniqueConstraint("uuid", name=op.f("uq_units_uuid")),
    )
    op.create_table(
        "agreement_rules",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("agreement_id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("terms", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["agreement_id"], ["agreements.id"], name=op.f("fk_agreement_rules_agreement_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agreement_rules")),
        sa.UniqueConstraint("agreement_id", "key", name=op.f("uq_agreement_rules_agreement_id_key")),
    )
    op.create_table(
        "episodes",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("uuid", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("citizen_id", sa.BigInteger(), nullable=False),
        sa.Column("pathway_key", sa.Text(), nullable=False),
        sa.Column("pathway_version", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("region_id", sa.BigInteger(), nullable=False),
        sa.Column("hospital_id", sa.BigInteger(), nullable=True),
        sa.Column("municipality_id", sa.BigInteger(), nullable=False),
        sa.Column("ward_id", sa.BigInteger(), nullable=True),
        sa.Column("facility_id", sa.BigInteger(), nullable=True),
        sa.Column("district_id", sa.BigInteger(), nullable=False),
        sa.Column("practice_id", sa.BigInteger(), nullable=True),
        sa.Column("owner_unit_id", sa.BigInteger(), nullable=True),
        sa.Column("responsible_unit_id", sa.BigInteger(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expected_discharge_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("needs", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("previous_id", sa.BigInteger(), nullable=True),
        sa.Column("history_number", sa.Integer(), nullable=False),
        sa.Column("history_hash", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(
            "(closed_at is null) = (owner_unit_id is not null)", name=op.f("ck_episodes_open_has_owner")
        ),
        sa.CheckConstraint(
            "(closed_at is null) = (responsible_unit_id is not null)", name=op.f("ck_episodes_open_has_responsible")
        ),
        sa.ForeignKeyConstraint(["citizen_id"], ["citizens.id"], name=op.f("fk_episodes_citizen_id")),
        sa.ForeignKeyConstraint(["district_id"], ["units.id"], name=op.f("fk_episodes_district_id")),
        sa.ForeignKeyConstraint(["facility_id"], ["units.id"], name=op.f("fk_episodes_facility_id")),
        sa.ForeignKeyConstraint(["hospital_id"], ["organisations.id"], name=op.f("fk_episodes_hospital_id")),
        sa.ForeignKeyConstraint(["municipality_id"], ["organisations.id"], name=op.f("fk_episodes_municipality_id")),
        sa.ForeignKeyConstraint(["owner_unit_id"], ["units.id"], name=op.f("fk_episodes_owner_unit_id")),
        sa.ForeignKeyConstraint(["practice_id"], ["units.id"], name=op.f("fk_episodes_practice_id")),
        sa.ForeignKeyConstraint(["previous_id"], ["episodes.id"], name=op.f("fk_episodes_previous_id")),
        sa.ForeignKeyConstraint(["region_id"], ["organisations.id"], name=op.f("fk_episodes_region_id")),
        sa.ForeignKeyConstraint(["responsible_unit_id"], ["units.id"], name=op.f("fk_episodes_responsible_unit_id")),
        sa.ForeignKeyConstraint(["ward_id"], ["units.id"], name=op.f("fk_episodes_ward_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_episodes")),
        sa.UniqueConstraint("uuid", name=op.f("uq_episodes_uuid")),
    )
    op.create_index("ix_episodes_citizen_id", "episodes", ["citizen_id", "opened_at"], unique=False)
    op.create_index(
        "ix_episodes_pathway_open",
        "episodes",
        ["pathway_key", "pathway_version"],
        unique=False,
        postgresql_where="closed_at is null",
    )
    op.create_index(
        "ix_episodes_previous_id", "episodes", ["previous_id"], unique=False, postgresql_where="previous_id is not null"
    )
    op.create_index(
        "uq_episodes_open_citizen", "episodes", ["citizen_id"], unique=True, postgresql_where="closed_at is null"
    )
    op.create_table(
        "municipal_services",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("citizen_id", sa.BigInteger(), nullable=False),
        sa.Column("municipality_id", sa.BigInteger(), nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "until_on is null or until_on >= from_on", name=op.f("ck_municipal_services_until_after_from")
        ),
        sa.ForeignKeyConstraint(["citizen_id"], ["citizens.id"], name=op.f("fk_municipal_services_citizen_id")),
        sa.ForeignKeyConstraint(
            ["municipality_id"], ["organisations.id"], name=op.f("fk_municipal_services_municipality_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_municipal_services")),
    )
    op.create_index(
        "ix_municipal_services_citizen_id", "municipal_services", ["citizen_id", "municipality_id"], unique=False
    )
    op.create_table(
        "person_roles",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("role", sa.VARCHAR(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_person_roles_person_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_person_roles_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person_roles")),
        sa.UniqueConstraint("unit_id", "role", "person_id", name=op.f("uq_person_roles_unit_id_role_person_id")),
    )
    op.create_table(
        "places",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("uuid", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.VARCHAR(), nullable=False),
        sa.Column("extra", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_places_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_places")),
        sa.UniqueConstraint("unit_id", "name", name=op.f("uq_places_unit_id_name")),
        sa.UniqueConstraint("uuid", name=op.f("uq_places_uuid")),
    )
    op.create_table(
        "handovers",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("uuid", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("episode_id", sa.BigInteger(), nullable=False),
        sa.Column("trigger", sa.Text(), nullable=False),
        sa.Column("from_unit_id", sa.BigInteger(), nullable=False),
        sa.Column("to_unit_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.VARCHAR(), nullable=False),
        sa.Column("opened_number", sa.Integer(), nullable=False),
        sa.Column("event_number", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("first_sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_by", sa.Text(), nullable=True),
        sa.Column("answered_by_id", sa.BigInteger(), nullable=True),
        sa.Column("passed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_number", sa.Integer(), nullable=True),
        sa.Column("withdrawn_state", sa.VARCHAR(), nullable=True),
        sa.Column("documented_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("communicated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("informed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("passed_at is null or state = 'accepted'", name=op.f("ck_handovers_passes_only_accepted")),
        sa.CheckConstraint("from_unit_id <> to_unit_id", name=op.f("ck_handovers_between_two_units")),
        sa.ForeignKeyConstraint(["answered_by_id"], ["people.id"], name=op.f("fk_handovers_answered_by_id")),
        sa.ForeignKeyConstraint(["episode_id"], ["episodes.id"], name=op.f("fk_handovers_episode_id")),
        sa.ForeignKeyConstraint(["from_unit_id"], ["units.id"], name=op.f("fk_handovers_from_unit_id")),
        sa.ForeignKeyConstraint(["to_unit_id"], ["units.id"], name=op.f("fk_handovers_to_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handovers")),
        sa.UniqueConstraint("uuid", name=op.f("uq_handovers_uuid")),
    )
    op.create_index("ix_handovers_episode_id", "handovers", ["episode_id"], unique=False)
    op.create_index(
        "ix_handovers_from_unit_id",
        "handovers",
        ["from_unit_id", "state"],
        unique=False,
        postgresql_where="passed_at is null",
    )
    op.create_index(
        "ix_handovers_to_unit_id",
        "handovers",
        ["to_unit_id", "state"],
        unique=False,
        postgresql_where="passed_at is null",
    )
    op.create_index(
        "uq_handovers_under_way",
        "handovers",
        ["episode_id"],
        unique=True,
        postgresql_where="passed_at is null and state <> 'withdrawn'",
    )
    op.create_table(
        "history",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("episode_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.VARCHAR(), nullable=False),
        sa.Column("trigger", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("dest", sa.Text(), nullable=False),
        sa.Column("pathway_key", sa.Text(), nullable=False),
        sa.Column("pathway_version", sa.Integer(), nullable=False),
        sa.Column("responsible_unit_id", sa.BigInteger(), nullable=True),
        sa.Column("about", sa.Integer(), nullable=True),
        sa.Column("effective_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("origin", sa.VARCHAR(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=True),
        sa.Column("unit_id", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("facts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["episode_id"], ["episodes.id"], name=op.f("fk_history_episode_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_history")),
        sa.UniqueConstraint("episode_id", "number", name=op.f("uq_history_episode_id_number")),
    )
    op.create_table(
        "place_requests",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("episode_id", sa.BigInteger(), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.VARCHAR(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["episode_id"], ["episodes.id"], name=op.f("fk_place_requests_episode_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_place_requests_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_place_requests")),
    )
    op.create_index(
        "ix_place_requests_unit_id",
        "place_requests",
        ["unit_id", "requested_at"],
        unique=False,
        postgresql_where="ended_at is null",
    )
    op.create_index(
        "uq_place_requests_waiting", "place_requests", ["episode_id"], unique=True, postgresql_where="ended_at is null"
    )
    op.create_table(
        "place_stays",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("uuid", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("place_id", sa.BigInteger(), nullable=False),
        sa.Column("episode_id", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.VARCHAR(), nullable=False),
        sa.Column("during", postgresql.TSTZRANGE(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.column("place_id"), "="),
            (sa.column("during"), "&&"),
            where=sa.text("state <> 'released'"),
            using="gist",
            name="ex_place_stays_one_at_a_time",
        ),
        sa.CheckConstraint("(state = 'closed') = (episode_id is null)", name=op.f("ck_place_stays_closed_or_somebody")),
        sa.ForeignKeyConstraint(["episode_id"], ["episodes.id"], name=op.f("fk_place_stays_episode_id")),
        sa.ForeignKeyConstraint(["place_id"], ["places.id"], name=op.f("fk_place_stays_place_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_place_stays")),
        sa.UniqueConstraint("uuid", name=op.f("uq_place_stays_uuid")),
    )
    op.create_index("ix_place_stays_episode_id", "place_stays", ["episode_id"], unique=False)
    op.create_index(
        "uq_place_stays_current",
        "place_stays",
        ["episode_id"],
        unique=True,
        postgresql_where="state in ('reserved', 'taken')",
    )
    op.create_table(
        "tasks",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("uuid", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("episode_id", sa.BigInteger(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("done_by", sa.VARCHAR(), nullable=False),
        sa.Column("mandatory", sa.Boolean(), nullable=False),
        sa.Column("miss", sa.VARCHAR(), nullable=True),
        sa.Column("occurrence", sa.Integer(), nullable=False),
        sa.Column("anchor_number", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("counterpart_unit_id", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.VARCHAR(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("heard_late", sa.Boolean(), nullable=False),
        sa.Column("claimed_by_id", sa.BigInteger(), nullable=True),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_by_name", sa.Text(), nullable=True),
        sa.Column("spoken_with", sa.Text(), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirmed_by", sa.Text(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_outcome", sa.VARCHAR(), nullable=True),
        sa.CheckConstraint("(state = 'done') = (done_at is not null)", name=op.f("ck_tasks_done_has_time")),
        sa.ForeignKeyConstraint(["claimed_by_id"], ["people.id"], name=op.f("fk_tasks_claimed_by_id")),
        sa.ForeignKeyConstraint(["counterpart_unit_id"], ["units.id"], name=op.f("fk_tasks_counterpart_unit_id")),
        sa.ForeignKeyConstraint(["episode_id"], ["episodes.id"], name=op.f("fk_tasks_episode_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_tasks_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tasks")),
        sa.UniqueConstraint(
            "episode_id",
            "rule",
            "anchor_number",
            "occurrence",
            name=op.f("uq_tasks_episode_id_rule_anchor_number_occurrence"),
        ),
        sa.UniqueConstraint("uuid", name=op.f("uq_tasks_uuid")),
    )
    op.create_index(
        "ix_tasks_counterpart_unit_id",
        "tasks",
        ["counterpart_unit_id", "due_at"],
        unique=False,
        postgresql_where="state = 'open'",
    )
    op.create_index("ix_tasks_unit_id", "tasks", ["unit_id", "due_at"], unique=False, postgresql_where="state = 'open'")
    op.create_table(
        "contact_attempts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("task_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=True),
        sa.Column("outcome", sa.VARCHAR(), nullable=False),
        sa.Column("spoken_with", sa.Text(), nullable=True),
        sa.Column("doctor_involved", sa.Boolean(), nullable=True),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("agreed", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_contact_attempts_task_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_contact_attempts_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_attempts")),
        sa.UniqueConstraint("task_id", "number", name=op.f("uq_contact_attempts_task_id_number")),
    )
    op.create_table(
        "deadlines",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("episode_id", sa.BigInteger(), nullable=False),
        sa.Column("concerns", sa.VARCHAR(), nullable=False),
        sa.Column("task_id", sa.BigInteger(), nullable=True),
        sa.Column("handover_id", sa.BigInteger(), nullable=True),
        sa.Column("since_number", sa.Integer(), nullable=True),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("other_unit_id", sa.BigInteger(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("miss", sa.VARCHAR(), nullable=True),
        sa.Column("rung_at", sa.ARRAY(sa.DateTime(timezone=True)), nullable=False),
        sa.Column("rung_to", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("rung", sa.SmallInteger(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended", sa.VARCHAR(), nullable=True),
        sa.Column("replaces_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("(ended_at is null) = (ended is null)", name=op.f("ck_deadlines_ended_says_why")),
        sa.CheckConstraint("cardinality(rung_at) = cardinality(rung_to)", name=op.f("ck_deadlines_ladder_in_step")),
        sa.CheckConstraint("ended_at is null or next_at is null", name=op.f("ck_deadlines_ended_raises_nothing")),
        sa.CheckConstraint("task_id is null or handover_id is null", name=op.f("ck_deadlines_one_obligation")),
        sa.ForeignKeyConstraint(["episode_id"], ["episodes.id"], name=op.f("fk_deadlines_episode_id")),
        sa.ForeignKeyConstraint(["handover_id"], ["handovers.id"], name=op.f("fk_deadlines_handover_id")),
        sa.ForeignKeyConstraint(["other_unit_id"], ["units.id"], name=op.f("fk_deadlines_other_unit_id")),
        sa.ForeignKeyConstraint(["replaces_id"], ["deadlines.id"], name=op.f("fk_deadlines_replaces_id")),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_deadlines_task_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_deadlines_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deadlines")),
    )
    op.create_index("ix_deadlines_episode_id", "deadlines", ["episode_id"], unique=False)
    op.create_index(
        "ix_deadlines_next_at", "deadlines", ["next_at", "id"], unique=False, postgresql_where="next_at is not null"
    )
    op.create_index(
        "ix_deadlines_unit_id", "deadlines", ["unit_id", "due_at"], unique=False, postgresql_where="ended_at is null"
    )
    op.create_index(
        "uq_deadlines_live_handover",
        "deadlines",
        ["handover_id"],
        unique=True,
        postgresql_where="ended_at is null and handover_id is not null",
    )
    op.create_index(
        "uq_deadlines_live_state",
        "deadlines",
        ["episode_id"],
        unique=True,
        postgresql_where="ended_at is null and task_id is null and handover_id is null",
    )
    op.create_index(
        "uq_deadlines_live_task",
        "deadlines",
        ["task_id"],
        unique=True,
        postgresql_where="ended_at is null and task_id is not null",
    )
    op.create_table(
        "handover_versions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("handover_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("changed", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("signed_by", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("missing", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("override_reason", sa.Text(), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_by", sa.Text(), nullable=False),
        sa.Column("sent_by_id", sa.BigInteger(), nullable=True),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("read_by", sa.Text(), nullable=True),
        sa.Column("rejected_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rejected_by", sa.Text(), nullable=True),
        sa.Column("rejected_because", sa.Text(), nullable=True),
        sa.Column("asked_for", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(["handover_id"], ["handovers.id"], name=op.f("fk_handover_versions_handover_id")),
        sa.ForeignKeyConstraint(["sent_by_id"], ["people.id"], name=op.f("fk_handover_versions_sent_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handover_versions")),
        sa.UniqueConstraint("handover_id", "version", name=op.f("uq_handover_versions_handover_id_version")),
    )
    op.create_table(
        "misses",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("uuid", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("episode_id", sa.BigInteger(), nullable=False),
        sa.Column("task_id", sa.BigInteger(), nullable=True),
        sa.Column("handover_id", sa.BigInteger(), nullable=True),
        sa.Column("code", sa.VARCHAR(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("owing_unit_id", sa.BigInteger(), nullable=False),
        sa.Column("responsible_unit_id", sa.BigInteger(), nullable=True),
        sa.Column("reminders", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_outcome", sa.VARCHAR(), nullable=True),
        sa.ForeignKeyConstraint(["episode_id"], ["episodes.id"], name=op.f("fk_misses_episode_id")),
        sa.ForeignKeyConstraint(["handover_id"], ["handovers.id"], name=op.f("fk_misses_handover_id")),
        sa.ForeignKeyConstraint(["owing_unit_id"], ["units.id"], name=op.f("fk_misses_owing_unit_id")),
        sa.ForeignKeyConstraint(["responsible_unit_id"], ["units.id"], name=op.f("fk_misses_responsible_unit_id")),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_misses_task_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_misses")),
        sa.UniqueConstraint("uuid", name=op.f("uq_misses_uuid")),
    )
    op.create_index("ix_misses_episode_id", "misses", ["episode_id"], unique=False)
    op.create_index("ix_misses_owing_unit_id", "misses", ["owing_unit_id", "due_at"], unique=False)
    op.create_index("ix_misses_recorded_at", "misses", ["recorded_at"], unique=False, postgresql_using="brin")
    op.create_index(
        "uq_misses_handover", "misses", ["handover_id", "code"], unique=True, postgresql_where="handover_id is not null"
    )
    op.create_index(
        "uq_misses_task", "misses", ["task_id", "code"], unique=True, postgresql_where="task_id is not null"
    )
    op.create_table(
        "miss_verdicts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("miss_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("verdict", sa.VARCHAR(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("given_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["miss_id"], ["misses.id"], name=op.f("fk_miss_verdicts_miss_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_miss_verdicts")),
        sa.UniqueConstraint("miss_id", "number", name=op.f("uq_miss_verdicts_miss_id_number")),
    )
    op.create_table(
        "reminders",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("deadline_id", sa.BigInteger(), nullable=False),
        sa.Column("rung", sa.SmallInteger(), nullable=False),
        sa.Column("to", sa.VARCHAR(), nullable=False),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["deadline_id"], ["deadlines.id"], name=op.f("fk_reminders_deadline_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reminders")),
        sa.UniqueConstraint("deadline_id", "rung", name=op.f("uq_reminders_deadline_id_rung")),
    )
    op.create_index("ix_reminders_raised_at", "reminders", ["raised_at"], unique=False, postgresql_using="brin")
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("episode_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.VARCHAR(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("audience", sa.VARCHAR(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=True),
        sa.Column("reminder_id", sa.BigInteger(), nullable=True),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("routed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["episode_id"], ["episodes.id"], name=op.f("fk_outbox_episode_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_outbox_person_id")),
        sa.ForeignKeyConstraint(["reminder_id"], ["reminders.id"], name=op.f("fk_outbox_reminder_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_outbox_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
    )
    op.create_index("ix_outbox_episode_id", "outbox", ["episode_id"], unique=False)
    op.create_index(
        "ix_outbox_reminder_id", "outbox", ["reminder_id"], unique=False, postgresql_where="reminder_id is not null"
    )
    op.create_index("ix_outbox_unrouted", "outbox", ["id"], unique=False, postgresql_where="routed_at is null")
    op.create_table(
        "deliveries",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("uuid", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("notice_id", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("attempts", sa.SmallInteger(), nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("dead_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["notice_id"], ["outbox.id"], name=op.f("fk_deliveries_notice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
        sa.UniqueConstraint("notice_id", "channel", "address", name=op.f("uq_deliveries_notice_id_channel_address")),
        sa.UniqueConstraint("uuid", name=op.f("uq_deliveries_uuid")),
    )
    op.create_index("ix_deliveries_dead", "deliveries", ["id"], unique=False, postgresql_where="dead_at is not null")
    op.create_index(
        "ix_deliveries_next_try_at",
        "deliveries",
        ["channel", "next_try_at", "id"],
        unique=False,
        postgresql_where="next_try_at is not null",
    )
    op.create_table(
        "inbox",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("notice_id", sa.BigInteger(), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("read_by", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["notice_id"], ["outbox.id"], name=op.f("fk_inbox_notice_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_inbox_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbox")),
        sa.UniqueConstraint("notice_id", name=op.f("uq_inbox_notice_id")),
    )
    op.create_index("ix_inbox_unread", "inbox", ["unit_id", "id"], unique=False, postgresql_where="read_at is null")

    op.execute("""
        create function refuse_change() returns trigger language plpgsql as $$
        begin raise exception 'rows of % are only ever added', tg_table_name; end $$
    """)
    for table in ONLY_ADDED_TO:
        op.execute(f"""
            create trigger only_added_to before update or delete on {table}
            for each row execute function refuse_change()
        """)


def downgrade() -> None:
    op.drop_index("ix_inbox_unread", table_name="inbox", postgresql_where="read_at is null")
    op.drop_table("inbox")
    op.drop_index("ix_deliveries_next_try_at", table_name="deliveries", postgresql_where="next_try_at is not null")
    op.drop_index("ix_deliveries_dead", table_name="deliveries", postgresql_where="dead_at is not null")
    op.drop_table("deliveries")
    op.drop_index("ix_outbox_unrouted", table_name="outbox", postgresql_where="routed_at is null")
    op.drop_index("ix_outbox_reminder_id", table_name="outbox", postgresql_where="reminder_id is not null")
    op.drop_index("ix_outbox_episode_id", table_name="outbox")
    op.drop_table("outbox")
    op.drop_index("ix_reminders_raised_at", table_name="reminders", postgresql_using="brin")
    op.drop_table("reminders")
    op.drop_table("miss_verdicts")
    op.drop_index("uq_misses_task", table_name="misses", postgresql_where="task_id is not null")
    op.drop_index("uq_misses_handover", table_name="misses", postgresql_where="handover_id is not null")
    op.drop_index("ix_misses_recorded_at", table_name="misses", postgresql_using="brin")
    op.drop_index("ix_misses_owing_unit_id", table_name="misses")
    op.drop_index("ix_misses_episode_id", table_name="misses")
    op.drop_table("misses")
    op.drop_table("handover_versions")
    op.drop_index(
        "uq_deadlines_live_task", table_name="deadlines", postgresql_where="ended_at is null and task_id is not null"
    )
    op.drop_index(
        "uq_deadlines_live_state",
        table_name="deadlines",
        postgresql_where="ended_at is null and task_id is null and handover_id is null",
    )
    op.drop_index(
        "uq_deadlines_live_handover",
        table_name="deadlines",
        postgresql_where="ended_at is null and handover_id is not null",
    )
    op.drop_index("ix_deadlines_unit_id", table_name="deadlines", postgresql_where="ended_at is null")
    op.drop_index("ix_deadlines_next_at", table_name="deadlines", postgresql_where="next_at is not null")
    op.drop_index("ix_deadlines_episode_id", table_name="deadlines")
    op.drop_table("deadlines")
    op.drop_table("contact_attempts")
    op.drop_index("ix_tasks_unit_id", table_name="tasks", postgresql_where="state = 'open'")
    op.drop_index("ix_tasks_counterpart_unit_id", table_name="tasks", postgresql_where="state = 'open'")
    op.drop_table("tasks")
    op.drop_index("uq_place_stays_current", table_name="place_stays", postgresql_where="state in ('reserved', 'taken')")
    op.drop_index("ix_place_stays_episode_id", table_name="place_stays")
    op.drop_table("place_stays")
    op.drop_index("uq_place_requests_waiting", table_name="place_requests", postgresql_where="ended_at is null")
    op.drop_index("ix_place_requests_unit_id", table_name="place_requests", postgresql_where="ended_at is null")
    op.drop_table("place_requests")
    op.drop_table("history")
    op.drop_index(
        "uq_handovers_under_way", table_name="handovers", postgresql_where="passed_at is null and state <> 'withdrawn'"
    )
    op.drop_index("ix_handovers_to_unit_id", table_name="handovers", postgresql_where="passed_at is null")
    op.drop_index("ix_handovers_from_unit_id", table_name="handovers", postgresql_where="passed_at is null")
    op.drop_index("ix_handovers_episode_id", table_name="handovers")
    op.drop_table("handovers")
    op.drop_table("places")
    op.drop_table("person_roles")
    op.drop_index("ix_municipal_services_citizen_id", table_name="municipal_services")
    op.drop_table("municipal_services")
    op.drop_index("uq_episodes_open_citizen", table_name="episodes", postgresql_where="closed_at is null")
    op.drop_index("ix_episodes_previous_id", table_name="episodes", postgresql_where="previous_id is not null")
    op.drop_index("ix_episodes_pathway_open", table_name="episodes", postgresql_where="closed_at is null")
    op.drop_index("ix_episodes_citizen_id", table_name="episodes")
    op.drop_table("episodes")
    op.drop_table("agreement_rules")
    op.drop_table("units")
    op.drop_table("citizens")
    op.drop_index("ix_agreements_region_id", table_name="agreements")
    op.drop_table("agreements")
    op.drop_table("sweep_runs")
    op.drop_table("people")
    op.drop_table("organisations")
    op.drop_table("heartbeats")
    op.drop_table("demo_clock")
    op.execute("drop function refuse_change()")
    op.execute("drop extension btree_gist")
