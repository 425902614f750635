"""Runs a program that the system ends when its parent is killed: `attached.py SIGNAL PARENT USER GROUP PROGRAM ...`.

A program of its own, because code between fork and exec may deadlock in a parent that has threads. Standard library
only: it is started with -I -S. USER and GROUP are numbers, or `-` to stay who one is; it drops to them itself, so
that the user needs no way into the folder of this Python.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    signal_number, parent, user, group = sys.argv[1:5]
    if user != "-":
        os.setgroups([])
        os.setgid(int(group))
        os.setuid(int(user))
    if sys.platform == "linux":  # after setuid, which clears it
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal_number))
    if os.getppid() != int(parent):
        sys.exit("the parent was gone before the program started")
    os.execvp(sys.argv[5], sys.argv[5:])


if __name__ == "__main__":
    main()
