"""DuckDB, locked in: it reads the files that it was given, and nothing can change that."""

import polars as pl
import pytest

from quality.engine.connection import (
    EngineError,
    EngineOptions,
    columns_of,
    frame,
    identifier,
    open_engine,
    register,
    run,
    view_files,
)
from quality.engine.syntax import parameters_of
from quality.errors import InputError, UsageError


@pytest.fixture
def given_file(tmp_path):
    path = tmp_path / "given.parquet"
    pl.DataFrame({"x": [1, 2]}).write_parquet(path)
    return path


@pytest.fixture
def engine(given_file):
    with open_engine(EngineOptions(files=[given_file])) as opened:
        yield opened


class TestLock:
    def test_a_given_file_is_read(self, engine, given_file):
        view_files(engine, "given", [given_file])
        assert run(engine, "select sum(x) from given") == [(3,)]

    @pytest.mark.parametrize(
        "text",
        [
            "select * from read_parquet('{folder}/other.parquet')",
            "select * from '{folder}/other.parquet'",
            "select * from read_csv('/etc/passwd')",
            "select * from read_text('/etc/hostname')",
            "select * from glob('{folder}/*')",
            "select * from read_parquet('http://127.0.0.1:9/x.parquet')",
            "copy (select 1) to '{folder}/out.csv'",
            "copy (select 1) to '{folder}/given.parquet'",
            "export database '{folder}/out'",
            "attach '{folder}/new.db'",
            "install httpfs",
            "load httpfs",
            "set enable_external_access = true",
            "set allowed_paths = ['/etc/passwd']",
            "set memory_limit = '100GB'",
            "set lock_configuration = false",
            "reset lock_configuration",
            "create secret (type s3, key_id 'x', secret 'y')",
        ],
    )
    def test_nothing_else_is_read_written_or_changed(self, engine, tmp_path, given_file, text):
        pl.DataFrame({"x": [1]}).write_parquet(tmp_path / "other.parquet")
        before = given_file.read_bytes()
        with pytest.raises(EngineError):
            run(engine, text.format(folder=tmp_path))
        assert {path.name for path in tmp_path.iterdir()} == {"given.parquet", "other.parquet"}
        assert given_file.read_bytes() == before

    def test_variables_of_the_program_are_no_tables(self, engine):
        secret = pl.DataFrame({"x": [1]})
        with pytest.raises(EngineError, match="secret does not exist"):
            frame(engine, "select * from secret")
        assert secret.height == 1

    def test_too_little_memory_is_an_error_that_names_the_setting(self):
        with (
            pytest.raises(InputError, match=r"engine\.memory_limit"),
            open_engine(EngineOptions(memory_limit="1MiB")) as engine,
        ):
            run(engine, "select list(range) from range(10000000)")


class TestParameters:
    def test_are_named(self):
        assert parameters_of("select $a, $b_2 from t where x > $a") == {"a", "b_2"}
        assert parameters_of("select 1") == set()

    @pytest.mark.parametrize("text", ["", "select 1; select 2", "drop table t", "set threads = 1", "selec 1", "-- no"])
    def test_of_anything_but_one_select_are_refused(self, text):
        with pytest.raises(UsageError) as raised:
            parameters_of(text)
        assert len(str(raised.value).splitlines()) == 1


class TestHelpers:
    def test_a_frame_replaces_a_table_of_its_name(self, engine):
        register(engine, "goods", pl.DataFrame({"x": [1]}))
        register(engine, "goods", pl.DataFrame({"y": ["a", "b"]}))
        assert frame(engine, "from goods").to_dict(as_series=False) == {"y": ["a", "b"]}

    def test_columns_are_known_without_running_the_select(self, engine):
        assert columns_of(engine, "select 1 as one, $x as two", {"x": 2}) == ["one", "two"]

    def test_an_identifier_is_quoted_whatever_it_holds(self, engine):
        name = 'a"; drop table goods; --'
        text = f"select {identifier(name)} from (select 5 as {identifier(name)})"  # noqa: S608 - what is tested
        assert run(engine, text) == [(5,)]
