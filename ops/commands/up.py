"""overgang up: everything on this machine, until Ctrl-C."""

import os

import click


@click.command()
@click.option("--with-parent", is_flag=True, help="Stop also when the process that started this one is gone.")
def up(*, with_parent: bool) -> None:
    """Bring everything up on this machine and watch over it, until Ctrl-C.

    PORT, OVERGANG_HOME, DATABASE_URL with DATABASE_OWNER_URL, and REDIS_URL override; where a URL is given, no server
    is started. OVERGANG_DEMO=1 makes it a demonstration with invented citizens.
    """
    from ops.launcher import Launcher  # with all that it starts; the other verbs need none of it

    Launcher(os.environ).run(with_parent=with_parent)
