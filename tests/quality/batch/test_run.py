"""The scheduled run: scan or check → publish → mail on real servers, whatever fails; and once only."""

import datetime as dt
import json
import shutil

import polars as pl
import pytest

from quality.batch.config import BatchConfig, Task
from quality.batch.run import run_batch
from quality.errors import UsageError
from quality.ingest.format.source import Source
from quality.panel.partitions import list_years, read_year
from quality.settings import Settings
from quality.storage import S3Options, open_store

DAY = dt.date(2022, 9, 26)
NOBODY = S3Options(endpoint_url="http://127.0.0.1:9", attempts=1)


def contents(store):
    return {entry.key: store.read(entry.key) for entry in store.entries()}


class TestScan:
    def test_scans_publishes_and_mails(self, batch, default_panels, tmp_path, bucket, mailbox):
        result = batch(
            DAY,
            panel=default_panels.faulty,
            run=str(tmp_path / "run"),
            ruleset="notebook",
            publish=bucket,
            mail=True,
            settings=Settings(mail=mailbox.settings),
        )
        (outcome,) = result.outcomes
        assert (result.code, outcome.done[0].undelivered) == (0, [])
        there, here = open_store(bucket), open_store(tmp_path / "run")
        assert contents(there) == contents(here)
        assert there.read("report.html").lower().startswith(b"<!doctype html>")
        assert mailbox.subjects[0].startswith(f"Stock Anomaly Scan - {outcome.done[0].summary['findings']:,} findings")
        assert f"Results: {bucket}" in mailbox.text()

    @pytest.mark.parametrize("s3", [S3Options(), NOBODY], ids=["no such bucket", "refused connection"])
    def test_a_failed_publication_leaves_the_run_and_still_mails(
        self, batch, flat_panel, tmp_path, bucket, mailbox, s3
    ):
        result = batch(
            DAY,
            panel=flat_panel.address,
            run=str(tmp_path / "run"),
            publish=f"{bucket}-other",
            mail=True,
            settings=Settings(mail=mailbox.settings, s3=s3),
        )
        (undelivered,) = result.outcomes[0].done[0].undelivered
        assert f"{bucket}-other" in undelivered
        assert result.code == 4
        assert open_store(tmp_path / "run").exists("summary.json")
        assert f"Results: {tmp_path}/run" in mailbox.text()

    @pytest.mark.parametrize("wrong", [{"port": 9}, {"password": "wrong"}])
    def test_a_failed_mail_leaves_the_run_and_the_publication(
        self, batch, flat_panel, tmp_path, bucket, mailbox, wrong
    ):
        result = batch(
            DAY,
            panel=flat_panel.address,
            run=str(tmp_path / "run"),
            publish=bucket,
            mail=True,
            settings=Settings(mail=mailbox.settings | wrong),
        )
        (undelivered,) = result.outcomes[0].done[0].undelivered
        assert "0 of 1 recipients reached" in undelivered
        assert open_store(tmp_path / "run").exists("summary.json")
        assert open_store(bucket).exists("summary.json")

    def test_what_was_not_delivered_is_delivered_by_the_rerun_and_nothing_else(
        self, batch, flat_panel, tmp_path, bucket, mailbox
    ):
        task = {"panel": flat_panel.address, "run": str(tmp_path / "run"), "publish": f"{bucket}/{{run}}", "mail": True}
        batch(DAY, **task, settings=Settings(mail=mailbox.settings | {"port": 9}))
        published = contents(open_store(bucket))
        assert json.loads(published["latest.json"])["files"]
        batch(DAY, **task, settings=Settings(mail=mailbox.settings))
        batch(DAY, **task, settings=Settings(mail=mailbox.settings))
        assert len(mailbox.messages) == 1
        assert contents(open_store(bucket)) == published

    def test_a_mail_setting_that_is_missing_stops_before_anything_starts(self, batch, flat_panel, tmp_path, mailbox):
        with pytest.raises(UsageError, match="recipients"):
            batch(
                panel=flat_panel.address,
                run=str(tmp_path / "run"),
                mail=True,
                settings=Settings(mail=mailbox.settings | {"recipients": ()}),
            )
        assert not (tmp_path / "run").exists()

    def test_publishing_onto_the_run_itself_stops_before_anything_starts(self, batch, flat_panel, tmp_path):
        with pytest.raises(UsageError, match=r"batch\.publish"):
            batch(panel=flat_panel.address, run=str(tmp_path / "run"), publish=f"{tmp_path}/run/")
        assert not (tmp_path / "run").exists()

    def test_a_scan_that_fails_publishes_nothing_and_alarms_once(self, batch, tmp_path, bucket, mailbox):
        task = {"panel": str(tmp_path / "none"), "run": str(tmp_path / "run"), "publish": bucket, "mail": True}
        for _ in range(2):
            result = batch(DAY, **task, settings=Settings(mail=mailbox.settings))
            assert result.code == 3
            assert "no panel at" in result.outcomes[0].error
        assert open_store(bucket).entries() == []
        (subject,) = mailbox.subjects
        assert subject.startswith("[pricewatch] prices 2022-09-26: FAILED: no panel at")

    def test_a_damaged_year_is_no_all_clear(self, batch, make_panel, tmp_path, mailbox):
        days = [dt.date(year, 1, number) for year in (2021, 2022) for number in range(1, 11)]
        panel = make_panel([(day, ticker, 100.0) for day in days for ticker in ("AAA", "BBB")])
        (tmp_path / "panel" / "year=2021" / "prices.parquet").write_bytes(b"PAR1 no")
        (key,) = [entry.key for entry in panel.entries("year=2021")]
        panel.write(key, b"PAR1 damaged")
        result = batch(
            DAY,
            panel=panel.address,
            run=str(tmp_path / "run"),
            mail=True,
            mail_on="failure",
            settings=Settings(mail=mailbox.settings),
        )
        assert result.code == 3
        assert "NOT PROCESSED" in mailbox.subjects[0]
        assert "clean" not in mailbox.subjects[0]
        assert "year 2021" in mailbox.text()


class TestCheck:
    @pytest.fixture
    def task(self, acceptance, tmp_path):
        shutil.copytree(acceptance.history, tmp_path / "history")
        return {
            "jobs": ("check",),
            "panel": str(tmp_path / "history"),
            "run": str(tmp_path / "run"),
            "file": acceptance.file,
        }

    def test_checks_publishes_and_mails_the_notebooks_day(self, batch, task, acceptance, bucket, mailbox):
        result = batch(
            DAY, **task, ruleset="notebook", publish=bucket, mail=True, settings=Settings(mail=mailbox.settings)
        )
        assert result.outcomes[0].done[0].undelivered == []
        assert open_store(bucket).read("anomalies/anomaly_report_1.csv").decode() == acceptance.csv
        assert mailbox.subjects == ["Stock Anomaly Alert - 2022-09-26"]
        assert mailbox.text().splitlines() == ["📅 Detected 14 anomalies on 2022-09-26:", "", *acceptance.lines]

    def test_a_day_that_cannot_be_appended_is_still_mailed_and_code_3(self, batch, task, mailbox):
        result = batch(DAY, **task, append=True, mail=True, settings=Settings(mail=mailbox.settings))
        assert "2022-09-26 is not appended: it has blank or doubled tickers" in result.outcomes[0].done[0].not_appended
        assert result.code == 3
        assert "2022-09-26 is not appended" in mailbox.text()


class TestAppending:
    @pytest.fixture
    def task(self, flat_panel, tmp_path):
        (tmp_path / "day.csv").write_text("date,AAA,BBB,CCC\n2022-01-11,100,100,150\n")
        return {
            "jobs": ("check",),
            "panel": flat_panel.address,
            "run": str(tmp_path / "run"),
            "file": str(tmp_path / "day.csv"),
            "append": True,
            "ruleset": "notebook",
        }

    @staticmethod
    def prices(panel, day=dt.date(2022, 1, 11)):
        rows = pl.concat([read_year(panel, year) for year in list_years(panel)])
        return dict(rows.filter(pl.col("date") == day).select("ticker", "price").iter_rows())

    @pytest.mark.parametrize(("fail_on", "held"), [(None, 3), ("warning", 0)])
    def test_a_day_that_fails_is_not_appended(self, batch, task, flat_panel, fail_on, held):
        result = batch(DAY, **task, fail_on=fail_on)
        assert len(self.prices(flat_panel)) == held
        assert result.code == (1 if fail_on else 0)

    def test_a_rerun_is_the_first_run_again(self, batch, task, flat_panel, tmp_path, bucket, mailbox):
        task |= {"publish": f"{bucket}/{{date}}", "mail": True}
        settings = Settings(mail=mailbox.settings)
        first = batch(DAY, **task, settings=settings)
        run, published = contents(open_store(tmp_path / "run")), contents(open_store(bucket))
        again = batch(DAY, **task, settings=settings)
        assert (first.code, again.code) == (0, 0)
        assert again.outcomes[0].done[0].is_same
        assert contents(open_store(tmp_path / "run")) == run
        assert contents(open_store(bucket)) == published
        assert len(mailbox.messages) == 1
        assert self.prices(flat_panel) == {"AAA": 100, "BBB": 100, "CCC": 150}

    def test_a_file_that_was_corrected_takes_the_place_of_the_first(self, batch, task, flat_panel, tmp_path, mailbox):
        task |= {"mail": True}
        batch(DAY, **task, settings=Settings(mail=mailbox.settings))
        (tmp_path / "day.csv").write_text("date,AAA,BBB,CCC\n2022-01-11,100,100,101\n")
        again = batch(DAY, **task, settings=Settings(mail=mailbox.settings))
        assert again.outcomes[0].done[0].summary["findings"] == 0
        assert self.prices(flat_panel) == {"AAA": 100, "BBB": 100, "CCC": 101}
        assert [text.splitlines()[0] for text in map(mailbox.text, (0, 1))] == [
            "📅 Detected 1 anomalies on 2022-01-11:",
            "📅 Detected 0 anomalies on 2022-01-11:",
        ]

    def test_a_rerun_elsewhere_knows_the_day_by_its_rows(self, batch, task, tmp_path):
        batch(DAY, **task)
        again = batch(DAY, **(task | {"run": str(tmp_path / "other")}))
        assert (again.code, again.outcomes[0].done[0].summary["by_rule"]) == (0, {"price_increase": 1})

    def test_a_day_that_others_wrote_is_a_duplicate(self, batch, task, flat_panel, tmp_path):
        (tmp_path / "day.csv").write_text("date,AAA,BBB,CCC\n2022-01-10,100,100,101\n")
        result = batch(DAY, **task)
        assert result.outcomes[0].done[0].summary["by_rule"] == {"duplicate_date": 1}
        assert "holds it already" in result.outcomes[0].done[0].not_appended
        assert self.prices(flat_panel, dt.date(2022, 1, 10))["CCC"] == 100


def test_one_bad_recipient_stops_no_other_and_is_tried_again_alone(batch, flat_panel, tmp_path, mailbox):
    people = {"recipients": ("desk@example.com", "no.such@example.com", "quant@example.com")}
    task = {"panel": flat_panel.address, "run": str(tmp_path / "run"), "mail": True}
    mailbox.server._mailbox._refuse = {"no.such@example.com"}
    first = batch(DAY, **task, settings=Settings(mail=mailbox.settings | people))
    assert first.code == 4
    mailbox.server._mailbox._refuse = frozenset()
    again = batch(DAY, **task, settings=Settings(mail=mailbox.settings | people))
    assert again.code == 0
    assert mailbox.recipients == [("desk@example.com", "quant@example.com"), ("no.such@example.com",)]


def test_a_file_that_does_not_arrive_alarms(batch, flat_panel, tmp_path, mailbox):
    result = batch(
        DAY,
        jobs=("check",),
        panel=flat_panel.address,
        file=str(tmp_path / "{date}.csv"),
        run=str(tmp_path / "run"),
        mail=True,
        mail_on="failure",
        settings=Settings(mail=mailbox.settings),
    )
    assert result.code == 3
    assert "2022-09-26.csv did not arrive" in mailbox.subjects[0]


def test_a_closed_day_does_nothing(batch, flat_panel, tmp_path, mailbox):
    result = batch(
        dt.date(2022, 9, 25),
        panel=flat_panel.address,
        run=str(tmp_path / "run"),
        calendar="weekdays",
        mail=True,
        settings=Settings(mail=mailbox.settings),
    )
    assert (result.code, result.outcomes[0].skipped) == (0, "2022-09-25 is no session of weekdays")
    assert not (tmp_path / "run").exists()
    assert mailbox.messages == []


def test_a_back_fill_says_what_was_new_each_day_and_can_be_done_again(batch, flat_panel, tmp_path, mailbox):
    prices = {11: (100, 100), 12: (150, 100), 13: (150, 100), 14: (100, 100)}
    for number, (first, second) in prices.items():
        day = f"2022-01-{number}"
        (tmp_path / f"{day}.csv").write_text(f"date,AAA,BBB,CCC\n{day},{first},{second},100\n")
    task = {
        "jobs": ("check",),
        "panel": flat_panel.address,
        "file": str(tmp_path / "{date}.csv"),
        "run": str(tmp_path / "runs" / "{date}"),
        "append": True,
        "mail": True,
        "mail_on": "new",
    }
    days = [dt.date(2022, 1, number) for number in range(11, 17)]
    result = batch(*days, **task, settings=Settings(mail=mailbox.settings))
    assert [outcome.skipped for outcome in result.outcomes[-2:]] == ["no file, on a weekend"] * 2
    assert result.code == 0
    assert len(mailbox.subjects) == 2  # AAA rose on the 12th, and was back on the 14th
    assert "NEW (1)" in mailbox.text(0)
    assert "RESOLVED (1)" in mailbox.text(1)
    before = contents(open_store(tmp_path / "runs"))
    assert batch(*days, **task, settings=Settings(mail=mailbox.settings)).code == 0
    assert contents(open_store(tmp_path / "runs")) == before
    assert len(mailbox.subjects) == 2


def test_one_panel_that_fails_takes_no_other_along(flat_panel, tmp_path):
    tasks = (
        Task("lost", ("scan",), str(tmp_path / "none"), str(tmp_path / "lost")),
        Task("flat", ("scan",), flat_panel.address, str(tmp_path / "flat")),
    )
    result = run_batch(BatchConfig(tasks, parallel=2), Settings(), [DAY])
    assert [bool(outcome.error) for outcome in result.outcomes] == [True, False]
    assert result.code == 3
    assert open_store(tmp_path / "flat").exists("summary.json")


def test_a_drop_is_ingested_by_its_source_and_the_history_scanned(batch, flat_panel, tmp_path, mailbox):
    (tmp_path / "drop").mkdir()
    (tmp_path / "drop" / "px_20220111.csv").write_text("when;isin;px\n11/01/2022;AAA;100,5\n11/01/2022;BBB;none\n")
    settings = Settings(
        mail=mailbox.settings,
        sources={
            "acme": Source(
                layout="long",
                date_column="when",
                ticker_column="isin",
                price_column="px",
                date_format="%d/%m/%Y",
                decimal="comma",
            )
        },
    )
    task = {
        "jobs": ("ingest", "scan"),
        "panel": flat_panel.address,
        "run": str(tmp_path / "runs" / "{date}"),
        "ingest": (str(tmp_path / "drop" / "px_{date:%Y%m%d}.csv"),),
        "source": "acme",
        "mail": True,
    }
    day = dt.date(2022, 1, 11)
    for _ in range(2):
        result = batch(day, **task, settings=settings)
        assert result.code == 3  # a row was refused
        assert [done.job for done in result.outcomes[0].done] == ["ingest", "scan"]
    assert result.outcomes[0].done[1].summary["last_session"] == "2022-01-11"
    assert [subject.partition(": ")[2] for subject in mailbox.subjects] == [
        "1 part NOT PROCESSED",
        mailbox.subjects[1].partition(": ")[2],
    ]
    assert "1 row refused" in mailbox.text(0)


def test_a_source_that_is_not_there_stops_before_anything_starts(batch, flat_panel, tmp_path):
    with pytest.raises(UsageError, match=r"no section \[sources\.acme\]"):
        batch(panel=flat_panel.address, run=str(tmp_path / "run"), source="acme")


def test_a_failure_says_how_to_run_it_again(tmp_path, mailbox):
    task = Task("lost", ("scan",), str(tmp_path / "none"), str(tmp_path / "run"), mail=True)
    config = BatchConfig((task,), path=tmp_path / "nightly.toml")
    run_batch(config, Settings(mail=mailbox.settings), [DAY])
    assert f"To run it again:\n  pricewatch batch {tmp_path}/nightly.toml --date 2022-09-26" in mailbox.text()
