"""The `overgang` command line: every verb, and what it says when it cannot do what it was asked."""

import sys
from importlib import import_module

import click
from sqlalchemy.exc import OperationalError

from ops.errors import CannotDo
from workflow.seeing import masking
from workflow.settings import MissingSettings

EXIT_CODES = "Exit codes: 0 done and well; 1 done, and something is wrong; 2 wrongly asked; 3 cannot be done now."
# The verb, and the module of `ops.commands` that it stands in.
VERBS = {
    "up": "up", "migrate": "migrate", "backup": "backup", "restore": "backup", "doctor": "doctor", "demo": "demo",
    "pathways": "pathways", "reconcile": "reconcile", "audit": "audit", "citizens": "citizens", "keys": "keys",
    "outbox": "outbox", "organisations": "organisations", "people": "people", "tokens": "tokens", "medcom": "medcom",
}  # fmt: skip


class Verbs(click.Group):
    """Reads a verb's module when it is asked for: no verb waits for what another needs."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every verb, in the order of the alphabet."""
        return sorted(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The verb of this name, if there is one."""
        if cmd_name not in VERBS:
            return None
        command: click.Command = getattr(import_module(f"ops.commands.{VERBS[cmd_name]}"), cmd_name)
        return command


@click.group(cls=Verbs, epilog=EXIT_CODES, context_settings={"help_option_names": ["-h", "--help"]})
def overgang() -> None:
    """Who is responsible for a citizen between hospital and municipality, what must happen next, and by when."""


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
