"""Statements are found by name, and every one of them is read by somebody."""

import duckdb
import pytest

from quality.engine.statements import sql_root, statement

FILES = sorted(sql_root().rglob("*.sql"))


def test_the_folder_holds_the_rules_and_the_questions():
    assert {path.name for path in sql_root().iterdir()} >= {"rules", "questions", "metrics", "macros.sql"}


def test_a_statement_comes_without_its_last_semicolon():
    assert statement("macros").startswith("--")
    assert not statement("macros").endswith(";")


def test_a_statement_that_does_not_exist_is_an_error():
    with pytest.raises(FileNotFoundError):
        statement("no/such")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_statement_opens_with_a_comment_and_is_valid_sql(path):
    text = path.read_text(encoding="utf-8")
    assert text.startswith("-- ")
    if "{" not in text.replace("{limit", "").replace("{price", "").replace("{deviation", "").replace("{position", ""):
        assert duckdb.extract_statements(text)
