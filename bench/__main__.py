"""`python -m bench [NAME ...]`: measures, and prints one line of JSON a figure."""

import argparse

from bench import discharge, history, messages, pages, people, raising, routing, scale, security
from bench.server import running, say
from bench.size import FULL

BENCHES = {
    "transition": discharge.measure,
    "raise_due": raising.measure,
    "raise_due_with_people": people.measure,
    "route": routing.measure,
    "history_verify": history.measure,
    "row_security": security.measure,
    "medcom_receive": messages.measure,
    "scale": scale.measure,
    "pages": pages.measure,
}


def main() -> None:
    """Measure what is named on the command line; everything, where nothing is."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("name", nargs="*", help=", ".join(BENCHES))
    names = parser.parse_args().name or list(BENCHES)
    if unknown := set(names) - set(BENCHES):
        parser.error(f"no bench called {', '.join(sorted(unknown))}; there are {', '.join(BENCHES)}")
    with running() as server:
        for name in names:
            say(f"-- {name}")
            for figure in BENCHES[name](server, FULL):
                print(figure.line(), flush=True)


if __name__ == "__main__":
    main()
