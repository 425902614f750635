"""The people who work here: accounts, roles, units, sign-ins, and the machines that call."""
