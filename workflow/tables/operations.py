"""The installation itself: whose it is, heartbeats, runs of the sweeps, and the demo's clock."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Integer, Text
from sqlalchemy.orm import Mapped, mapped_column

from workflow.db import Base


class Heartbeat(Base):
    """When a part of the installation was last known to live, in real time."""

    __tablename__ = "heartbeats"

    part: Mapped[str] = mapped_column(Text, primary_key=True)
    at: Mapped[datetime]


class SweepRun(Base):
    """The last run of each sweep, in real time; `total` counts what it has done since the beginning."""

    __tablename__ = "sweep_runs"

    sweep: Mapped[str] = mapped_column(Text, primary_key=True)
    started_at: Mapped[datetime]
    seconds: Mapped[float]
    done: Mapped[int] = mapped_column(Integer)
    runs: Mapped[int] = mapped_column(BigInteger)
    total: Mapped[int] = mapped_column(BigInteger)


class DemoClock(Base):
    """One row, in a demo only: what the clock shows."""

    __tablename__ = "demo_clock"
    __table_args__ = (CheckConstraint("single", name="one_row"),)

    single: Mapped[bool] = mapped_column(primary_key=True)
    at: Mapped[datetime]


class Installation(Base):
    """One row: whether this is a demonstration's database, and a known word written with the installation's keys."""

    __tablename__ = "installation"
    __table_args__ = (CheckConstraint("single", name="one_row"),)

    single: Mapped[bool] = mapped_column(primary_key=True)
    demo: Mapped[bool]
    proof_encrypted: Mapped[bytes]
    proof_hash: Mapped[bytes]
