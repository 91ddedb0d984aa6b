"""What the historian counts; the lane is "0" or "1"."""

from typing import Final

from prometheus_client import Counter, Gauge, Histogram

ROWS: Final = Counter("atlas_historian_rows_total", "Rows written into reading", ["lane"])
BATCHES: Final = Counter("atlas_historian_batches_total", "Batches whose readings were taken", ["lane"])
DUPLICATES: Final = Counter("atlas_historian_duplicates_total", "Batches dropped because they were stored", ["lane"])
GAPS: Final = Counter("atlas_historian_gaps_total", "Gaps in batch numbers that were accepted", ["lane"])
LETTERS: Final = Counter("atlas_historian_dead_letters_total", "Dead letters written", ["lane"])
BAD_ROWS: Final = Counter("atlas_historian_bad_rows_total", "Rows that the database refused", ["lane"])
RETRIES: Final = Counter(
    "atlas_historian_retries_total", "Transactions tried again after a fault of the server", ["lane"]
)
LAG: Final = Gauge("atlas_historian_lag_records", "Records in the log that are not stored yet", ["lane"])
WAITING: Final = Gauge("atlas_historian_waiting_partitions", "Partitions that wait for a tag table", ["lane"])
TRANSACTION: Final = Histogram("atlas_historian_transaction_seconds", "One transaction, from its begin to its commit")
MARKS_SENT: Final = Counter("atlas_historian_marks_sent_total", "Stored marks published")
