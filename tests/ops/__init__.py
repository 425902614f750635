"""Tests of the one command: servers, launcher, command line, compose file."""
