"""``python -m pcapframe``: the command line."""

from pcapframe.cli import main

if __name__ == "__main__":
    main()
