"""Files that would hang, crash, fill the memory or take others along: refused one by one, with the reason."""

import datetime as dt
import errno
import io
import os
import resource
import signal
import tarfile
import tempfile
import zipfile
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from quality.errors import InputError, QualityError
from quality.ingest.files.validation import Validator, validating
from quality.ingest.working_folder import working_folder

HEAD = "date,ticker,price\n2020-01-02,AAA,1.5\n"
FIRST = ("2020-01-02", "AAA", 1.5)


def failures(desk):
    return {Path(failed["file"]).name: failed["reason"] for failed in desk.summary["failed_files"]}


class TestFolders:
    def test_what_is_no_file_is_refused_alone(self, desk):
        desk.put("good.csv", HEAD)
        folder = desk.folder / "in"
        os.mkfifo(folder / "pipe.csv")
        (folder / "dangling.csv").symlink_to(folder / "nowhere.csv")
        (folder / "loop.csv").symlink_to(folder / "loop.csv")
        (folder / "back").symlink_to(folder)
        (folder / "zero.csv").symlink_to("/dev/zero")
        (folder / "back\\slash.csv").write_text(HEAD, encoding="utf-8")
        Path(os.fsdecode(os.fsencode(str(folder)) + b"/\xff.csv")).write_text(HEAD, encoding="utf-8")
        desk.ingest(str(folder))
        assert desk.rows() == [FIRST]
        reasons = failures(desk)
        assert {name: reasons[name].partition(": ")[2] for name in sorted(reasons)} == {
            "\\udcff.csv": "has a name that is not UTF-8: rename it; nothing of it is read",
            "back": "is no file but a link that leads back into its own folder; nothing of it is read",
            "back\\slash.csv": "has a backslash in its name: rename it; nothing of it is read",
            "dangling.csv": "cannot be opened: no such file or directory; nothing of it is read",
            "loop.csv": "cannot be opened: too many levels of symbolic links; nothing of it is read",
            "pipe.csv": "is no file but a pipe; nothing of it is read",
            "zero.csv": "is no file but a device; nothing of it is read",
        }

    @pytest.mark.parametrize("name", ["/dev/zero", "/dev/stdin"])
    def test_a_device_that_is_named_is_refused_at_once(self, desk, name):
        with pytest.raises(InputError, match="is no file but"):
            desk.ingest(name)


class TestArchives:
    def test_a_damaged_member_fails_alone(self, desk):
        data = io.BytesIO()
        with zipfile.ZipFile(data, "w", zipfile.ZIP_STORED) as archive:
            for name in ("a.csv", "b.csv", "c.csv", "d.csv"):
                archive.writestr(name, HEAD.replace("AAA", name[0].upper()))
        content = bytearray(data.getvalue())
        second = content.find(b"2020-01-02,B")
        content[second] ^= 1  # the sum of b.csv is wrong
        third = content.find(b"c.csv")
        content[third - 30] ^= 0xFF  # c.csv has no head
        desk.ingest(desk.put("all.zip", bytes(content)))
        assert [row[1] for row in desk.rows()] == ["A", "D"]
        assert set(failures(desk)) == {"b.csv", "c.csv"}

    def test_members_can_be_chosen_and_what_is_no_table_declared(self, desk):
        data = io.BytesIO()
        with zipfile.ZipFile(data, "w") as archive:
            archive.writestr("README.txt", "hello")
            archive.writestr("us/prices.csv", HEAD)
            archive.writestr("us/volumes.csv", "date,ticker,volume\n2020-01-02,AAA,9\n")
            archive.writestr("eu\\prices.csv", "")
        address = desk.put("drop.zip", data.getvalue())
        assert len(failures_of(desk, address)) == 3
        assert failures_of(desk, address, member=["*/prices.csv"]) == {"prices.csv"}
        assert failures_of(desk, address, member=["*/prices.csv"], allow_empty=["*"]) == set()
        assert desk.summary["outcome"] == "complete"
        assert desk.summary["members_left_aside"] == 2
        assert [name.rpartition("/")[2] for name in desk.summary["empty_files"]] == ["prices.csv"]
        assert failures_of(desk, address, skip=["README*", "volumes.csv"], allow_empty=["eu/*"]) == set()
        assert desk.rows() == [FIRST]

    def test_a_delivery_of_nothing_can_be_expected(self, desk):
        address = desk.put("empty.csv", "date,ticker,price\n")
        with pytest.raises(InputError, match="holds no row below its header"):
            desk.ingest(address)
        assert desk.ingest(address, allow_empty=["*.csv"])["outcome"] == "complete"

    def test_a_member_whose_name_is_no_text_fails_alone(self, desk):
        data = io.BytesIO()
        with tarfile.open(fileobj=data, mode="w:gz", format=tarfile.GNU_FORMAT) as archive:
            for name in ("\udcff.csv", "good.csv"):
                entry = tarfile.TarInfo(name)
                entry.size = len(HEAD)
                archive.addfile(entry, io.BytesIO(HEAD.encode()))
        desk.ingest(desk.put("all.tgz", data.getvalue()))
        assert desk.rows() == [FIRST]
        assert "not UTF-8" in failures(desk)["\\udcff.csv"]


def failures_of(desk, address, **said):
    desk.ingest(address, **said)
    return set(failures(desk))


class TestColumnarFiles:
    @pytest.mark.parametrize("kind", [pa.date32(), pa.date64(), pa.timestamp("s"), pa.timestamp("us")])
    def test_dates_beyond_the_calendar_are_rows_refused(self, desk, kind):
        days = {pa.date32(): 2**31 - 1, pa.date64(): 86_400_000 * 10**10, pa.timestamp("s"): 2**50}.get(kind, 2**62)
        good = {pa.date32(): 18263, pa.date64(): 18263 * 86_400_000, pa.timestamp("s"): 18263 * 86_400}
        values = [good.get(kind, 18263 * 86_400_000_000), good.get(kind, 18263 * 86_400_000_000), days]
        width = pa.int32() if kind == pa.date32() else pa.int64()
        table = pa.table(
            {"date": pa.array(values, width).cast(kind), "ticker": ["A", "B", "C"], "price": [1.0, 2.0, 3.0]}
        )
        data = io.BytesIO()
        pq.write_table(table, data)
        try:
            desk.ingest(desk.put("x.parquet", data.getvalue()))
        except InputError as error:  # PyArrow itself refuses some
            assert "cannot be read as Parquet" in str(error)  # noqa: PT017
            return
        assert [row[:2] for row in desk.rows()] == [("2020-01-02", "A"), ("2020-01-02", "B")]
        assert [row[0] for row in desk.refused()] == [3]

    def test_a_file_that_ends_the_process_that_reads_it_is_refused_alone(self, desk, monkeypatch):
        frame = pl.DataFrame({"date": [dt.date(2020, 1, 2)], "ticker": ["AAA"], "price": [1.5]})
        killed, good = desk.put("killed.parquet", b""), desk.put("good.parquet", b"")
        frame.write_parquet(killed)
        frame.write_parquet(good)
        real = Validator._ask

        def ask(self, kind, path):
            if path.name == "killed.parquet":
                real(self, kind, Path(good))  # it is running
                self._child.send_signal(signal.SIGSEGV)
                self._child.wait()
            return real(self, kind, path)

        monkeypatch.setattr(Validator, "_ask", ask)
        desk.ingest(killed, good)
        assert desk.rows() == [FIRST]
        assert "ends the process that reads it" in failures(desk)["killed.parquet"]

    @pytest.mark.parametrize("kind", ["parquet", "arrow"])
    def test_a_flipped_byte_is_one_clear_error_or_no_difference(self, tmp_path, kind):
        frame = pl.DataFrame({"date": [dt.date(2020, 1, 2)] * 50, "ticker": ["AAA"] * 50, "price": [1.5] * 50})
        path = tmp_path / "x"
        frame.write_parquet(path) if kind == "parquet" else frame.write_ipc(path)
        whole = path.read_bytes()
        with validating() as validator:
            validator.check(path, kind, "x")
            for place in range(0, len(whole), len(whole) // 40):
                damaged = bytearray(whole)
                damaged[place] ^= 0xFF
                path.write_bytes(damaged)
                try:
                    validator.check(path, kind, "x")
                except InputError as error:
                    assert str(error).startswith("x: cannot be read as ")  # noqa: PT017


def test_a_bomb_of_one_row_takes_time_and_no_memory(desk):
    data = io.BytesIO()
    rows = 4_000_000
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("x.csv", "w") as file:
        file.write(b"date,ticker,price\n")
        for _ in range(40):
            file.write(b"2020-01-02,AAA,1.5\n" * (rows // 40))
    address = desk.put("bomb.zip", data.getvalue())
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    desk.ingest(address)
    assert (desk.summary["rows_read"], desk.summary["duplicates_agreeing"]) == (rows, rows - 1)
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024 < 300


def test_a_text_of_lines_that_are_no_records_is_given_up(desk):
    with pytest.raises(InputError, match=r"lines up to line [0-9,]+ are no records"):
        desk.take(HEAD + "x\n" * 300_000)


def test_the_copies_of_a_delivery_are_merged_in_pieces(desk, monkeypatch):
    monkeypatch.setattr("quality.ingest.staging._ROWS_AT_ONCE", 7)
    lines = [f"2020-01-{day:02},T{number},{number}.5\n" for day in range(2, 7) for number in range(5)]
    text = "date,ticker,price\n" + "".join(lines)
    desk.ingest(*[desk.put(f"{number}.csv", text) for number in range(3)])
    assert (desk.summary["rows_written"], desk.summary["duplicates_agreeing"]) == (25, 50)
    assert desk.rows() == sorted(
        ((f"2020-01-{d:02}", f"T{n}", n + 0.5) for n in range(5) for d in range(2, 7)), key=lambda row: row[1]
    )


class TestIntraday:
    @pytest.mark.parametrize(
        "text",
        [
            "Datetime,Close\n"
            + "".join(f"2020-01-0{day} {hour:02}:30,{hour}.5\n" for day in (2, 3) for hour in range(9, 16)),
            "date,time,ticker,price\n"
            + "".join(f"2020-01-02,{minute},{t},{minute}.5\n" for minute in range(60) for t in "AB"),
            "timestamp,ticker,price\n2020-01-02 09:30,A,1\n2020-01-02 09:31,A,1\n2020-01-02 09:32,A,1\n",
        ],
    )
    def test_prices_within_the_day_are_refused_whole(self, desk, text):
        with pytest.raises(InputError, match=r"rows a date and ticker on average .* prices within the day"):
            desk.take(text)
        assert desk.rows() == []

    def test_copies_of_daily_prices_are_not(self, desk):
        assert desk.take("date,ticker,price\n" + "2020-01-02,AAA,1.5\n" * 9) == [FIRST]


def test_a_file_that_is_mostly_refused_is_refused_whole_with_the_reason(desk):
    text = "date,ticker,price\n2020-01-02,AAA,1.5\n" + "2020-01-03,AAA,12 EUR\n" * 2
    with pytest.raises(InputError, match=r"2 of its 3 rows are refused \(most often: it is not a number\)"):
        desk.take(text)
    assert desk.rows() == []


class TestTemporaryFolders:
    def test_a_full_disk_is_named_with_what_to_do_and_nothing_is_left(self, tmp_path, monkeypatch):
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
        with pytest.raises(QualityError, match=f"cannot work in {tmp_path}: no space left on device; .* set TMPDIR"):
            self.fill()
        assert list(tmp_path.iterdir()) == []

    @staticmethod
    def fill():
        with working_folder() as folder:
            (folder / "spilt").write_bytes(b"prices")
            raise OSError(errno.ENOSPC, "full")
