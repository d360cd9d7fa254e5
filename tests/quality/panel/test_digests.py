"""What a panel's files were is remembered beside them: any flipped bit is noticed, and no kill raises a false alarm."""

import datetime as dt
import json
import random
from contextlib import suppress

import polars as pl
import pytest

from quality.errors import InputError
from quality.panel.digests import KEY, digest_of_year, half_replaced, read_digests, replacing
from quality.panel.partitions import SCHEMA, append_rows, list_years, new_panel, read_year, write_year
from quality.storage import open_store

FILE = "year=2022/prices.parquet"


def rows(*days, price=1.0):
    return pl.DataFrame([(dt.date(2022, 1, day), "AAA", price) for day in days], schema=SCHEMA, orient="row")


@pytest.fixture(params=["local", "s3"])
def panel(request, tmp_path):
    """A panel of one year, written as `generate` writes one."""
    place = tmp_path / "panel" if request.param == "local" else f"{request.getfixturevalue('bucket')}/panel"
    store = open_store(place)
    with new_panel(store, overwrite=False) as digests:
        digests.update([write_year(store, rows(*range(1, 20)))])
    return store


def read(panel):
    return pl.concat(read_year(panel, year) for year in list_years(panel))


def test_any_flipped_bit_of_a_file_is_noticed(panel):
    whole, chance = panel.read(FILE), random.Random(1)
    for bit in chance.sample(range(8 * len(whole)), 60):
        damaged = bytearray(whole)
        damaged[bit // 8] ^= 1 << bit % 8
        panel.write(FILE, bytes(damaged))
        with pytest.raises(InputError, match=r"prices\.parquet is not as it was written"):
            read(panel)
    panel.write(FILE, whole)
    assert read(panel).height == 19


def test_flipped_bits_of_pages_are_noticed_by_their_checksums_where_nothing_is_remembered(tmp_path):
    store, chance = open_store(tmp_path), random.Random(1)
    write_year(store, rows(*range(1, 20), price=123.45))
    assert read_digests(store) == {}
    whole, before = store.read(FILE), read(store)
    noticed = 0
    for bit in chance.sample(range(32, 8 * len(whole) // 2), 60):
        damaged = bytearray(whole)
        damaged[bit // 8] ^= 1 << bit % 8
        store.write(FILE, bytes(damaged))
        try:
            assert read(store).equals(before)  # the bit was of no value: of a header that is not used
        except InputError:
            noticed += 1
    assert noticed > 30


def test_a_day_that_is_appended_is_remembered(panel):
    append_rows(panel, rows(25))
    assert read(panel).height == 20
    panel.write(FILE, panel.read(FILE)[:-1] + b"x")
    with pytest.raises(InputError, match="not as it was written"):
        read(panel)


def test_a_panel_that_is_written_again_forgets_the_old_one(panel):
    with new_panel(panel, overwrite=True) as digests:
        digests.update([write_year(panel, rows(1).with_columns(date=dt.date(2021, 1, 1)))])
    assert set(read_digests(panel)) == {"year=2021/prices.parquet"}


class Killed(BaseException):
    """The end of the process, where nothing more is done."""


@pytest.mark.parametrize("is_written", [False, True])
def test_a_writer_that_is_killed_leaves_a_panel_that_reads(panel, tmp_path, is_written):
    other = open_store(tmp_path / "other")
    key, digest = write_year(other, rows(1, 2, 3))
    with suppress(Killed), replacing(panel, {key: digest}):
        if is_written:
            panel.write(key, other.read(key))
        raise Killed
    assert read(panel).height == (3 if is_written else 19)
    with replacing(panel, {key: digest}):
        panel.write(key, other.read(key))
    assert read_digests(panel) == {key: (digest,)}


def test_a_file_that_another_program_made_is_read_as_it_is(panel):
    with panel.writing("year=2023/more.parquet") as path:
        rows(1).with_columns(date=dt.date(2023, 1, 1)).write_parquet(path)
    assert read(panel).height == 20


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"a": 1}', b"\xff"])
def test_a_damaged_memory_is_said_and_stops_nothing(panel, caplog, damage):
    panel.write(KEY, damage)
    assert read(panel).height == 19
    assert "damage may go unnoticed" in caplog.text


def test_removing_what_is_remembered_takes_files_as_they_are(panel):
    key, _ = write_year(panel, rows(1))
    with pytest.raises(InputError, match=KEY):
        read(panel)
    panel.delete(KEY)
    assert read(panel).height == 1
    assert json.loads(b"{}") == read_digests(panel)
    assert key == FILE


ALL_OLD, ALL_NEW = {2021: "a", 2022: "b"}, {2021: "x", 2022: "y", 2023: "n"}


@pytest.mark.parametrize(
    ("contents", "half"),
    [
        (ALL_OLD, []),
        (ALL_NEW, []),
        ({2021: "x", 2022: "b"}, [2021, 2022, 2023]),
        ({2021: "a", 2022: "b", 2023: "n"}, [2021, 2022, 2023]),
        ({2021: "x", 2022: "b", 2023: "n"}, [2021, 2022, 2023]),
        ({2021: "a", 2022: "other"}, [2021, 2022, 2023]),
        ({2021: "a", 2022: None}, []),
    ],
)
def test_years_that_are_replaced_together_are_of_one_version_or_named(contents, half):
    digests = {
        "year=2020/prices.parquet": ("z",),
        "year=2021/prices.parquet": ("a", "x"),
        "year=2022/prices.parquet": ("b", "y"),
        "year=2023/prices.parquet": ("", "n"),
        "of another program": ("b", "y"),
    }
    assert half_replaced(digests, {2020: "z", **contents}) == half


def test_a_year_of_several_files_is_of_one_version_when_all_of_them_are():
    digests = {"year=2021/a.parquet": ("a", "x"), "year=2021/b.parquet": ("b", ""), "year=2021/c.parquet": ("c",)}
    for files, half in (("abc", []), ("xc", []), ("xbc", [2021]), ("ac", [2021])):
        assert half_replaced(digests, {2021: digest_of_year(list(files))}) == half
