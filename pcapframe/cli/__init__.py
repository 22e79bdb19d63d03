"""The command line: parse, call, print.

``commands`` joins the commands of ``answer_commands``, ``frame_commands`` and ``service_commands``; a new command is
named in the ``__all__`` of its module, a new module in ``commands``. ``options`` has the options that they share,
``captures`` reads the captures, ``output`` has the streams, files and exit statuses. ``answer_text`` and
``frame_text`` write what a person reads, in the width and styles of ``terminal``; ``export`` writes frames as files.
A command loads what it needs when it runs.
"""

from pcapframe.cli.commands import main

__all__ = ["main"]
