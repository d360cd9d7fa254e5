"""Reads registers that people keep by hand, CSV with a header: what is wrong in one is named with file and line."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from quality.errors import UsageError
from quality.text import quoted
from quality.values import check_key


@dataclass(frozen=True)
class Register:
    """What a register of one kind holds.

    Attributes:
        what: Its name in messages, such as "a file of suppressions".
        columns: The columns that it may have.
        needed: Those that it must have.

    """

    what: str
    columns: Sequence[str]
    needed: Sequence[str]

    def rows(self, text: str, name: str) -> Iterator[tuple[int, dict[str, str]]]:
        """Give the rows of a CSV with the lines on which they begin, and their cells, stripped, by column.

        Raises:
            UsageError: With file and line of what breaks the format.

        """
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        header: list[str] | None = None
        start = 1
        try:
            for fields in reader:
                line, start = start, reader.line_num + 1
                cells = [field.strip() for field in fields]
                if not any(cells):
                    continue
                if header is None:
                    header = cells
                    self.check_columns(header, f"{name}:{line}")
                elif len(cells) != len(header):
                    raise UsageError(f"{name}:{line}: has {len(cells)} fields, its header {len(header)}")
                else:
                    yield line, dict(zip(header, cells, strict=True))
        except csv.Error as error:
            raise UsageError(f"{name}:{reader.line_num}: {error}") from error
        if header is None:
            raise UsageError(f"{name}: is empty; {self.what} has the columns {','.join(self.columns)}")

    def check_columns(self, header: Sequence[str], where: str) -> None:
        """Make sure that a header has each column that is needed, none twice, and no other.

        Raises:
            UsageError: It has not.

        """
        for column in header:
            check_key(column, self.columns, f"{where}: no column {quoted(column)}")
            if header.count(column) > 1:
                raise UsageError(f"{where}: column {quoted(column)} stands twice")
        missing = [column for column in self.needed if column not in header]
        if missing:
            raise UsageError(f"{where}: the header lacks {', '.join(missing)}")


def decode(data: bytes, name: str) -> str:
    """Give the text of a register, with a byte order mark or without.

    Raises:
        UsageError: It is not UTF-8.

    """
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{name}: is not UTF-8 at byte {error.start}; save it as UTF-8") from error
