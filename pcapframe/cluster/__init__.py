"""Analyse the captures of a whole site on a cluster that runs Dask."""

from pcapframe.cluster._analyzing import analyze
from pcapframe.cluster._writing import convert

__all__ = ["analyze", "convert"]
