"""Writes synthetic panels: a clean market, and a faulty copy with the truth about its faults."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from quality.errors import InputError, UsageError
from quality.panel.block import Block, to_table
from quality.panel.catalogue import Catalogue
from quality.panel.grid import BoolMatrix
from quality.panel.panel_files import PanelFiles, panel_files
from quality.panel.parquet import encode
from quality.panel.partitions import list_years, new_panel, write_year
from quality.panel.universe import remember
from quality.storage import S3Options, Store, holding, is_same_place, open_store, split_address
from quality.synthetic.faults import KINDS, Faults, draw_faults, faulty_blocks, truth_frame
from quality.synthetic.market import Market, price_blocks

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Injection:
    """What an injection did: the panel's shape, and the faults logged, by kind."""

    sessions: int
    tickers: int
    logged: dict[str, int]


def write_market(
    market: Market, panel: Store, *, overwrite: bool = False, progress: Progress = lambda _done, _all: None
) -> int:
    """Write a clean panel year by year, and give its number of sessions.

    Args:
        market: What to make.
        panel: Where it goes.
        overwrite: Replace a panel that is there.
        progress: Told how many sessions are written, and of how many.

    Raises:
        UsageError: There is a panel already, or the market has no weekday.

    """
    tickers, total = market.tickers, len(market.sessions)
    if not total:
        raise UsageError(f"--days {market.days} from {market.start} hold no weekday: there is nothing to write")
    with holding(panel):
        blocks = (
            Block(sessions, prices, np.zeros(prices.shape, np.bool_)) for sessions, prices in price_blocks(market)
        )
        _write_panel(blocks, tickers, panel, lambda written: progress(written, total), overwrite=overwrite)
    return total


def write_faulty(
    clean: Store,
    faulty: Store,
    truth: str | Path,
    *,
    rate: float = 0.05,
    seed: int = 42,
    overwrite: bool = False,
    s3: S3Options | None = None,
    progress: Progress = lambda _done, _all: None,
) -> Injection:
    """Write a faulty copy of a panel year by year, and then the truth.

    Args:
        clean: The panel to copy.
        faulty: Where the copy goes.
        truth: The address of the Parquet file with the truth.
        rate: Faults per cell.
        seed: Seed of the faults.
        overwrite: Replace a panel, or a truth, that is there.
        s3: How S3 is reached, if `truth` is there.
        progress: Told how many sessions are written, and of how many.

    Raises:
        UsageError: There is a panel or a truth already, both panels are one, or rate or seed is out of range.
        InputError: The clean panel cannot be read whole.

    """
    folder, name = split_address(truth)
    truth_store = open_store(folder, s3)
    if is_same_place(clean, faulty):
        raise UsageError(f"{clean.address} cannot be its own faulty copy: choose another place for the copy")
    if truth_store.exists(name) and not overwrite:
        raise UsageError(f"{truth} is there already; choose another file, or say --overwrite")
    with panel_files(clean, list_years(clean)) as files:
        catalogue = _whole_catalogue(files, clean.address)
        tickers, sessions = catalogue.natural_tickers, catalogue.sessions
        faults = draw_faults(len(sessions), len(tickers), rate, seed)

        def at_end() -> None:
            files.require_one_version(catalogue.parts)
            truth_store.write(name, encode(truth_frame(faults, sessions, tickers)))

        with holding(faulty):
            blocks = faulty_blocks(_blocks(files, catalogue), faults)
            _write_panel(
                blocks,
                tickers,
                faulty,
                lambda written: progress(written, len(sessions)),
                overwrite=overwrite,
                # Before the panel counts as one: no kill leaves it beside the truth about an earlier one.
                at_end=at_end,
            )
    return Injection(len(sessions), len(tickers), _counts(faults))


def _write_panel(
    blocks: Iterable[Block],
    tickers: Sequence[str],
    panel: Store,
    progress: Callable[[int], None],
    *,
    overwrite: bool,
    at_end: Callable[[], None] = lambda: None,
) -> None:
    """Write a panel from blocks of a year each, and remember the tickers of all its years but the last."""
    with new_panel(panel, overwrite=overwrite) as digests:
        present_by_year = _write_blocks(blocks, tickers, panel, digests, progress)
        at_end()
    if len(present_by_year) > 1:
        _remember(panel, tickers, present_by_year[:-1])


def _write_blocks(
    blocks: Iterable[Block],
    tickers: Sequence[str],
    panel: Store,
    digests: dict[str, str],
    progress: Callable[[int], None],
) -> list[BoolMatrix]:
    """Write blocks, every one while the next is made: two are in memory, no more; give each year's tickers."""
    sessions = 0
    present_by_year: list[BoolMatrix] = []
    with ThreadPoolExecutor(1) as writer:
        writing: Future[tuple[str, str]] | None = None
        for block in blocks:
            if writing:
                digests.update([writing.result()])
                progress(sessions)
            sessions += len(block.sessions)
            is_present = np.asarray(~block.absent.all(axis=0))
            # A year whose every cell lost its row leaves no file.
            if is_present.any():
                present_by_year.append(is_present)
                writing = writer.submit(_write_block, block, tickers, panel)
        if writing:
            digests.update([writing.result()])
            progress(sessions)
    return present_by_year


def _remember(panel: Store, tickers: Sequence[str], present_by_year: Sequence[BoolMatrix]) -> None:
    """Note the tickers of all years but the last: the first daily check need not read them."""
    *earlier, _last = list_years(panel)
    names = np.array(tickers, dtype=object)
    remember(
        panel,
        earlier,
        {year.year: names[is_present] for year, is_present in zip(earlier, present_by_year, strict=True)},
    )


def _write_block(block: Block, tickers: Sequence[str], panel: Store) -> tuple[str, str]:
    return write_year(panel, to_table(block, tickers))


def _whole_catalogue(files: PanelFiles, address: str) -> Catalogue:
    catalogue = files.catalogue(threads=2)
    files.require_one_version(catalogue.parts)
    for damage in catalogue.damaged:
        raise InputError(f"{address}: year={damage.year} cannot be read: {damage.reason}")
    return catalogue


def _blocks(files: PanelFiles, catalogue: Catalogue) -> Iterator[Block]:
    column = {ticker: number for number, ticker in enumerate(catalogue.natural_tickers)}
    for index in catalogue.indexes:
        columns = [column[ticker] for ticker in index.tickers]
        if columns == list(range(len(column))):
            yield Block(index.sessions, files.whole(index).T, ~index.present.T)
            continue
        prices = np.full((len(index.sessions), len(column)), np.nan)
        prices[:, columns] = files.whole(index).T
        absent = np.ones(prices.shape, dtype=np.bool_)
        absent[:, columns] = ~index.present.T
        yield Block(index.sessions, prices, absent)


def _counts(faults: Faults) -> dict[str, int]:
    return {kind: int((faults.kind == number).sum()) for number, kind in enumerate(KINDS)}
