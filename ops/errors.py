"""What a command line verb says when it cannot do what it was asked."""


class CannotDo(Exception):
    """A sentence for the operator: what is wrong, and what to do about it."""
