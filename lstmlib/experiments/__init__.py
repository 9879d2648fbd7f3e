"""The experiments behind the chapters, and the records of what came out of them.

``python -m lstmlib.experiments`` runs those whose record no longer fits their code; the pages of the book read the
records::

    from lstmlib.experiments import record

    order = record("temporal_order")
    order.values("LSTM, chrono", "accuracy")  # one for each seed
"""

from lstmlib.experiments.records import NAMES, Record, record

__all__ = ["NAMES", "Record", "record"]
