"""How much of a stranger's file is read: sizes beyond which a line or a file is refused instead of loaded."""

MAX_FILE_BYTES = 500_000_000
MAX_LINE_BYTES = 1_000_000
MAX_ROWS = 2_000_000
MAX_POLICIES = 50
MAX_COLUMNS = 10_000
MAX_UNPACKED_BYTES = 2_000_000_000  # of a compressed Parquet file
MAX_MEMBERS = 100_000  # of an archive: an Inspect log has one for each sample, and none is ever written to disk
MAX_RATIO = 100  # of an archive's member: unpacked over packed
MAX_UNPACKED_ARCHIVE = 500_000_000
MAX_DOCUMENT_BYTES = 100_000_000  # of a log that is one JSON document, which is held whole
GIVE_UP_AFTER = 10_000  # bad lines in a row at the start of a file: it is something else

CHUNK_ROWS = 10_000
CHUNK_BYTES = 24_000_000
EXCERPT_CHARS = 200
DRY_RUN_ROWS = 2_000
