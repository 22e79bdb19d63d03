"""The command line: parse, call, print.

``commands`` joins the commands of ``answer_commands``, ``frame_commands`` and ``service_commands``. ``options`` has
what their options share, ``captures`` what they read, ``output`` the streams, files and exit statuses, ``text`` what
a person reads, ``export`` the files of frames. Only what a command needs is loaded, when it runs.
"""

from pcapframe.cli.commands import main

__all__ = ["main"]
