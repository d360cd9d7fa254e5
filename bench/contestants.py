"""What the bench runs, each in a process of its own: `contestants.py NAME PANEL OUT THREADS`."""

import os
import resource
import sys
from collections.abc import Callable
from pathlib import Path

# All rivals apply the rules of the notebook and write the rows that fail; each with what it is best at.
_WINDOW = """
copy (
    with averaged as (
        select *, row_number() over by_date as number, avg(price) over last_seven as mean
        from read_parquet($files)
        window by_date as (partition by ticker order by date),
            last_seven as (partition by ticker order by date rows between 7 preceding and 1 preceding)
    )
    select date, ticker, price, mean, (price - mean) / mean as change
    from averaged
    where price is null or price <= 0
        or (number > 7 and (mean is null or mean = 0 or abs((price - mean) / mean) > 0.2))
) to $out (compression zstd)
"""


def bare_read(files: list[str], _out: Path, threads: int) -> None:
    """Read the three columns, and nothing more."""
    import duckdb

    connection = duckdb.connect(config={"threads": threads})
    connection.execute("select sum(price), max(date), max(ticker) from read_parquet($files)", {"files": files})
    connection.fetchall()


def duckdb_window(files: list[str], out: Path, threads: int) -> None:
    """One query with a window over the whole panel."""
    import duckdb

    connection = duckdb.connect(config={"threads": threads})
    connection.execute(_WINDOW, {"files": files, "out": str(out / "failing.parquet")})


def polars_streaming(files: list[str], out: Path, _threads: int) -> None:
    """Run a lazy frame on the streaming engine; it relies on the order of the files."""
    import polars as pl

    mean = pl.col("price").rolling_mean(7, min_samples=1).shift(1).over("ticker")
    number = pl.int_range(pl.len()).over("ticker")
    change = (pl.col("price") - pl.col("mean")) / pl.col("mean")
    failing = (
        pl.col("price").is_null()
        | (pl.col("price") <= 0)
        | ((pl.col("number") >= 7) & (pl.col("mean").is_null() | (pl.col("mean") == 0) | (change.abs() > 0.2)))
    )
    rows = pl.scan_parquet(files, hive_partitioning=False).with_columns(mean=mean, number=number)
    rows.filter(failing).with_columns(change=change).sink_parquet(out / "failing.parquet", engine="streaming")


def pandas_wide(files: list[str], out: Path, _threads: int) -> None:
    """Work as the notebook did, on the whole panel as one wide frame."""
    import pandas as pd

    rows = pd.concat([pd.read_parquet(file) for file in files])
    wide = rows.pivot_table(index="date", columns="ticker", values="price", dropna=False)
    del rows
    mean = wide.rolling(7, min_periods=1).mean().shift(1)
    change = (wide - mean) / mean
    failing = wide.isna() | (wide <= 0) | (change.abs() > 0.2) | mean.isna() | (mean == 0)
    rows, columns = failing.to_numpy().nonzero()
    found = {
        "date": wide.index[rows],
        "ticker": wide.columns[columns],
        "price": wide.to_numpy()[rows, columns],
        "change": change.to_numpy()[rows, columns],
    }
    pd.DataFrame(found).to_parquet(out / "failing.parquet")


def drawn(_files: list[str], out: Path, _threads: int) -> None:
    """Draw the normals of a panel of the given size and write its three columns, a year a file."""
    import numpy as np
    import polars as pl

    days, stocks = (int(os.environ[name]) for name in ("BENCH_DAYS", "BENCH_STOCKS"))
    generator = np.random.RandomState(42)
    sessions = np.datetime64("2020-01-01") + np.arange(days)
    sessions = sessions[np.is_busday(sessions)]
    tickers = pl.Series([f"ST{number:04d}" for number in range(1, stocks + 1)])
    for year in np.unique(sessions.astype("datetime64[Y]")):
        dates = sessions[sessions.astype("datetime64[Y]") == year]
        prices = generator.normal(100, 1, (len(dates), stocks)).T
        places = np.repeat(np.arange(stocks), len(dates))
        rows = {"date": np.tile(dates, stocks), "ticker": tickers.gather(places), "price": prices.reshape(-1)}
        pl.DataFrame(rows).write_parquet(out / f"{year}.parquet", compression="zstd")


def _pricewatch(*arguments: str) -> None:
    """Run the command, as users do."""
    from jobs.cli import main

    sys.argv = ["pricewatch", *arguments]
    if code := main():
        sys.exit(code)


def made(_files: list[str], out: Path, _threads: int) -> None:
    """Generate a panel of the given size, then inject faults."""
    days, stocks = (os.environ[name] for name in ("BENCH_DAYS", "BENCH_STOCKS"))
    _pricewatch("generate", str(out / "clean"), "--days", days, "--stocks", stocks)
    _pricewatch("inject", str(out / "clean"), str(out / "faulty"), "--truth", str(out / "truth.parquet"))


def checked(files: list[str], _out: Path, _threads: int) -> None:
    """Check one day against the panel; the day's file lies beside it."""
    panel = Path(files[0]).parents[1]
    _pricewatch("check", f"{panel}.day.csv", "--history", str(panel), "--quiet")


def _scan(ruleset: str) -> Callable[[list[str], Path, int], None]:
    def scan(files: list[str], out: Path, threads: int) -> None:
        """Run the command, as users do."""
        os.environ["PRICEWATCH_ENGINE_THREADS"] = str(threads)
        panel = Path(files[0]).parents[1]
        _pricewatch("scan", str(panel), str(out / "run"), "--ruleset", ruleset, "--format", "parquet", "--quiet")

    return scan


# What each runs, and what it leaves out of what a scan does.
CONTESTANTS: dict[str, tuple[Callable[[list[str], Path, int], None], str]] = {
    "bare read": (bare_read, "everything: it only reads the three columns"),
    "scan notebook": (_scan("notebook"), ""),
    "scan robust": (_scan("robust"), ""),
    "Polars, streaming": (
        polars_streaming,
        "texts, order, severities, absent and new tickers, resuming; windows count rows; the files' order is assumed",
    ),
    "DuckDB, one window": (
        duckdb_window,
        "texts, severities, absent and new tickers, resuming; windows count rows",
    ),
    "pandas, wide": (pandas_wide, "texts, severities, new tickers, resuming; the panel must fit memory"),
    "check, one day": (checked, "that is another task: one day against the panel's tail"),
    "draw and write": (drawn, "that is another task: the normals of a panel, and its columns written once"),
    "generate + inject": (made, "that is another task: a panel, its faulty copy and the truth"),
}

if __name__ == "__main__":
    name, panel, out, threads = sys.argv[1:]
    # Who wants more than half of the machine fails alone, and does not take the machine along.
    most = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    CONTESTANTS[name][0](sorted(map(str, Path(panel).glob("year=*/*.parquet"))), Path(out), int(threads))
