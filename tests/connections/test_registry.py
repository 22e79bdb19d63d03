"""A column of connections is declared once and made by one measure; all else follows."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd

import pcapframe as pf
from pcapframe.connections.icmp import icmp_columns
from pcapframe.connections.names import name_columns
from pcapframe.connections.registry import DERIVED, MEASURES
from pcapframe.schema import CONNECTIONS, names

# A toy, as somebody would add one: a declaration, a measure in a module of its own, and its line in the registry.
TOY = """
import sys
import numpy as np
from pcapframe import schema
from pcapframe.connections import registry

schema.CONNECTIONS += (schema.Column("odd_packets", "uint32", "", schema.NEVER, "packets with an odd sequence number"),)

class OddPackets:
    def __init__(self, connections):
        self.count = np.zeros(connections, np.int64)

    def feed(self, rows):
        np.add.at(self.count, rows.place, rows.seq & 1)

    def columns(self):
        return {"odd_packets": self.count}

registry.MEASURES.append(OddPackets)
"""


def run_with_toy(code: str) -> str:
    result = subprocess.run([sys.executable, "-c", TOY + code], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_every_declared_column_is_made_once() -> None:
    made = [column for measure in MEASURES for column in measure(0).columns()]
    assert len(set(made)) == len(made)
    frame = dict.fromkeys(made, pd.Series(dtype=float).to_numpy())
    made += [column for derive in DERIVED for column in derive(frame)]
    made += [
        *icmp_columns({}, np.zeros(0, np.int32)),
        *name_columns({}, np.zeros(0, np.int32)),
        "client_names",
        "server_names",
    ]  # of attrs
    assert sorted([*made, "same_as"]) == sorted(names(CONNECTIONS))  # one column compares connections with each other


def test_a_new_column_is_in_the_frame() -> None:
    code = """
import pcapframe as pf
segments = pf.label_segments(pf.read_pcap(pf.example("losses.pcap"), progress=False))
connections = pf.analyze(pf.example("losses.pcap")).connections
expected = (segments["seq"] % 2).groupby(segments["conn_id"]).sum()
print(str(connections["odd_packets"].dtype), connections["odd_packets"].tolist() == expected.tolist())
"""
    assert run_with_toy(code).split() == ["uint32", "True"]


def test_a_new_column_is_in_the_command_and_its_export(tmp_path: Path) -> None:
    path, out = str(pf.example("losses.pcap")), str(tmp_path / "out.csv")
    run_with_toy(f"""
from pcapframe.cli import main
sys.argv = ["pcapframe", "connections", {path!r}, "--sort", "odd_packets", "--csv", {out!r}]
main()
""")
    counts = pd.read_csv(out)["odd_packets"].tolist()
    assert counts == sorted(counts, reverse=True)
