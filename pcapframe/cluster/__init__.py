"""Analyse the captures of a whole site on a cluster that runs Dask."""

from pcapframe.cluster._analyzing import analyze

__all__ = ["analyze"]
