"""Grade a batch on the workers of a Dask cluster.

::

    this process                                     a worker, on any machine
    reads a submission, within limits
    sends the reading        ── through the scheduler ─→  grades it in its own sandbox
    writes report and ledger ←── report and pictures ───  writes nothing

The batch gives each worker one submission at a time and reads as many ahead. Dask carries the messages and
says which workers there are; everything else is decided here (`Board`), so that a worker that dies, joins
or is not fit costs nobody a report. Only a worker whose address is safe is sent the course, which
has the hidden cases; for that reason no plugin hands it to whoever connects.

`travelling` goes to the workers by value: neither a scheduler nor a worker with another engine needs to
have it. Dask is imported by `connection`, `crew` and `travelling` alone.
"""

from autograder.batch.cluster.address import Cluster, TlsFiles, cluster_of

__all__ = ["Cluster", "TlsFiles", "cluster_of"]
