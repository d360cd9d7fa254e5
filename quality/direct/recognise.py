"""Tells the address of one file with prices from that of a panel."""

from pathlib import Path, PurePosixPath

_FILES = frozenset({".csv", ".tsv", ".txt", ".psv", ".dat", ".parquet", ".pq", ".arrow", ".feather", ".ipc"})
_PACKED = frozenset({".gz", ".zst", ".bz2", ".zip", ".tgz"})


def is_table_file(address: str | Path) -> bool:
    """Tell whether an address is one of a file with prices, by what is there or else by its name; no panel is."""
    text = str(address)
    if not text.startswith("s3://"):
        path = Path(text).expanduser()
        if path.is_dir():
            return False
        if path.exists():
            return True
    return PurePosixPath(text).suffix.lower() in _FILES | _PACKED
