"""From bytes to NumPy columns; no pandas in here.

``source`` opens and decompresses, ``pcap`` and ``pcapng`` find the records, ``link``, ``ip`` and ``transport``
decode their headers, ``records`` holds the columns, ``fragments`` puts IP fragments together, ``reader`` runs them.
"""
