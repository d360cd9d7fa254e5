"""Parquet files as relations of an engine: local ones read by it, those on S3 fetched only where they are asked for."""

import datetime as dt
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.dataset as ds

from quality.engine.connection import Connection, register, view_files
from quality.errors import InputError
from quality.investigate.lazy_file import LazyFile
from quality.storage import Store, is_local

_ASKED_AT_ONCE = 8


@dataclass(frozen=True)
class File:
    """One Parquet file.

    Attributes:
        store: Where it is.
        key: Its name there.
        size: Its bytes.
        year: The year that its dates are of; None for any.
        run: The run that it belongs to.

    """

    store: Store
    key: str
    size: int
    year: int | None = None
    run: str = ""

    @property
    def name(self) -> str:
        """Its name among the files of a relation."""
        return self.store.url(self.key)


class Relation:
    """Some files that are to be one relation of an engine.

    Attributes:
        paths: The local files, which the engine must be allowed to read.

    """

    def __init__(
        self, files: Sequence[File], schema: pl.Schema, stack: ExitStack, optional: pl.Schema | None = None
    ) -> None:
        """Open local files.

        Args:
            files: The files.
            schema: The columns that each has.
            stack: What is opened until the relation is no longer wanted.
            optional: More columns, wanted where any file has them: of files on S3, each is asked.

        """
        self._schema = schema
        self._optional = optional or pl.Schema()
        self._files = {} if all(is_local(file.store) for file in files) else {file.name: file for file in files}
        local = [] if self._files else files
        self._local = {stack.enter_context(file.store.local_copy(file.key)): file for file in local}

    @property
    def paths(self) -> list[Path]:
        """The local files, which the engine must be allowed to read."""
        return list(self._local)

    def create(self, engine: Connection, name: str) -> None:
        """Make the relation `name`, with the columns that the files have."""
        if self._local:
            view_files(engine, name, self.paths)
        elif self._files:
            engine.register(name, self._dataset(with_name=False))
        else:
            register(engine, name, pl.DataFrame(schema=self._schema))

    def create_with_runs(self, engine: Connection, name: str) -> None:
        """Make the relations `<name>_rows` with a column `filename`, `<name>_files` and the empty `<name>_none`."""
        if self._local:
            rows = engine.read_parquet([str(path) for path in self.paths], filename=True, union_by_name=True)
            rows.create_view(f"{name}_rows", replace=True)
        elif self._files:
            engine.register(f"{name}_rows", self._dataset(with_name=True))
        else:
            register(engine, f"{name}_rows", pl.DataFrame(schema={**self._schema, "filename": pl.String}))
        named = {**{str(path): file for path, file in self._local.items()}, **self._files}
        runs = [(filename, file.run) for filename, file in named.items()]
        of_files = pl.DataFrame(runs, schema={"filename": pl.String, "run": pl.String}, orient="row")
        register(engine, f"{name}_files", of_files)
        register(engine, f"{name}_none", pl.DataFrame(schema={**self._schema, "run": pl.String}))

    def _dataset(self, *, with_name: bool) -> ds.Dataset:
        """Give the files as a dataset, which opens the years and fetches the columns that a query reads."""
        kinds = ds.ParquetFileFormat()
        fragments = [
            kinds.make_fragment(
                LazyFile(file.store, file.key, file.size), partition_expression=_holds(file, with_name=with_name)
            )
            for file in self._files.values()
        ]
        schema = _arrow_schema({**self._schema, **self._held(fragments)})
        full = schema.append(pa.field("filename", pa.string())) if with_name else schema
        return ds.FileSystemDataset(fragments, full, kinds)

    def _held(self, fragments: Sequence[ds.ParquetFileFragment]) -> dict[str, pl.DataType]:
        """Give the optional columns that any of the files has; one that cannot be read fails when its rows are."""
        if not self._optional:
            return {}

        def names(fragment: ds.ParquetFileFragment) -> set[str]:
            with suppress(pa.ArrowException, InputError, OSError):
                return set(fragment.physical_schema.names)
            return set()

        with ThreadPoolExecutor(_ASKED_AT_ONCE) as pool:
            present = set().union(*pool.map(names, fragments))
        return {name: kind for name, kind in self._optional.items() if name in present}


def _arrow_schema(schema: Mapping[str, pl.DataType]) -> pa.Schema:
    return pl.DataFrame(schema=schema).to_arrow(compat_level=pl.CompatLevel.oldest()).schema


def _holds(file: File, *, with_name: bool) -> Any:  # noqa: ANN401 - PyArrow has no types
    """Say what is true of every row of a file."""
    facts = [ds.field("filename") == file.name] if with_name else []
    if file.year is not None:
        first, last = dt.date(file.year, 1, 1), dt.date(file.year, 12, 31)
        facts += [ds.field("date") >= first, ds.field("date") <= last]
    whole = ds.scalar(True)  # noqa: FBT003 - PyArrow's own
    for fact in facts:
        whole = fact if whole is None else whole & fact
    return whole
