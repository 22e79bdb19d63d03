"""The command line: parse, call, print.

``commands`` has the commands and their options, ``output`` the streams, files and exit statuses, ``text``
what a person reads. Only what a command needs is loaded, when it runs.
"""

from pcapframe.cli.commands import main

__all__ = ["main"]
