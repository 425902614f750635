"""The one command: embedded servers, the launcher, and the `overgang` command line."""
