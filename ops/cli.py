"""The `overgang` command line: every verb, and what it says when it cannot do what it was asked."""

import sys

import click
from sqlalchemy.exc import OperationalError

from ops.commands import (
    audit,
    backup,
    citizens,
    demo,
    doctor,
    keys,
    medcom,
    migrate,
    organisations,
    outbox,
    pathways,
    people,
    reconcile,
    tokens,
    up,
)
from ops.errors import CannotDo
from workflow.seeing import masking
from workflow.settings import MissingSettings

EXIT_CODES = "Exit codes: 0 done and well; 1 done, and something is wrong; 2 wrongly asked; 3 cannot be done now."


@click.group(epilog=EXIT_CODES, context_settings={"help_option_names": ["-h", "--help"]})
def overgang() -> None:
    """Who is responsible for a citizen between hospital and municipality, what must happen next, and by when."""


overgang.add_command(up.up)
overgang.add_command(migrate.migrate)
overgang.add_command(backup.backup)
overgang.add_command(backup.restore)
overgang.add_command(doctor.doctor)
overgang.add_command(demo.demo)
overgang.add_command(pathways.pathways)
overgang.add_command(reconcile.reconcile)
overgang.add_command(audit.audit)
overgang.add_command(citizens.citizens)
overgang.add_command(keys.keys)
overgang.add_command(outbox.outbox)
overgang.add_command(organisations.organisations)
overgang.add_command(people.people)
overgang.add_command(tokens.tokens)
overgang.add_command(medcom.medcom)


def main() -> None:
    """The console script."""
    masking.install()
    try:
        overgang(prog_name="overgang")
    except (CannotDo, MissingSettings) as why:
        sentence = str(why)
    except OperationalError as error:
        sentence = f"The database cannot be reached or refused: {str(error.orig).strip()}"
    click.echo(sentence, err=True)
    sys.exit(3)


if __name__ == "__main__":
    main()
