"""The scheduled run: its configuration, and scan → publish → mail on real servers, whatever fails."""

import datetime as dt
import email
import email.policy
import shutil

import pytest

from quality.batch import Batch, read_batch, run_batch
from quality.errors import InputError, UsageError
from quality.panel.partitions import list_years, read_year
from quality.servers.smtp import SmtpServer
from quality.settings import Settings
from quality.storage import S3Options, open_store

DAY = dt.date(2022, 9, 26)
NOBODY = S3Options(endpoint_url="http://127.0.0.1:9", attempts=1)


@pytest.fixture(scope="module")
def server():
    with SmtpServer() as running:
        yield running


@pytest.fixture
def mail(server):
    server.messages.clear()
    return {
        "host": server.host,
        "port": server.port,
        "user": server.user,
        "password": server.password,
        "sender": "alerts@example.com",
        "recipients": ("desk@example.com",),
        "ca_file": server.ca_file,
        "attempts": 1,
    }


def arrived(server):
    (received,) = server.messages
    return email.message_from_bytes(received.raw, policy=email.policy.default)


class TestConfiguration:
    @pytest.fixture
    def read(self, tmp_path):
        def read(text):
            (tmp_path / "nightly.toml").write_text(text, encoding="utf-8")
            return read_batch(tmp_path / "nightly.toml", DAY)

        return read

    def test_the_day_stands_in_every_address(self, read):
        batch = read(
            '[batch]\njob = "check"\npanel = "p"\nrun = "runs/{date}"\nfile = "in/{date}.csv"\n'
            'publish = "s3://b/{date}"\nrules = ["rules/{date}"]\nmail = true\nappend = true\n'
        )
        assert (batch.run, batch.file, batch.publish, batch.rules) == (
            "runs/2022-09-26",
            "in/2022-09-26.csv",
            "s3://b/2022-09-26",
            ("rules/2022-09-26",),
        )
        assert (batch.job, batch.mail, batch.append, batch.fail_on) == ("check", True, True, None)

    def test_dates_are_dates(self, read):
        batch = read('[batch]\njob = "scan"\npanel = "p"\nrun = "r"\nstart = 2022-01-01\nformats = ["parquet"]\n')
        assert (batch.start, batch.formats) == (dt.date(2022, 1, 1), ("parquet",))

    def test_the_older_name_of_suppressions_is_readable(self, read):
        batch = read('[batch]\njob = "scan"\npanel = "p"\nrun = "r"\nexceptions = "known/{date}.csv"\n')
        assert batch.suppressions == "known/2022-09-26.csv"

    @pytest.mark.parametrize(
        ("text", "says"),
        [
            ("", "has no section [batch]"),
            ("batch = 5", "has no section [batch]"),
            ("[batch", "is not TOML"),
            ('[batch]\njob = "scan"\n', "[batch] lacks panel, run"),
            ('[batch]\npanels = "p"\n', "no setting batch.panels; there is job, panel, run"),
            ("[batch]\njob = 5\n", "batch.job: 5 is not scan or check"),
            ('[batch]\nmail = "yes"\n', "batch.mail: 'yes' is not true or false"),
            ("[batch]\nstart = 2022-01-01T00:00:00\n", "batch.start"),
            ('[batch]\njob = "scan"\npanel = "p"\nrun = "r"\npublish = ""\n', "batch.publish: '' is empty"),
            ('[batch]\njob = "scan"\nformats = ["csw"]\n', "batch.formats: ['csw'] is not a list of formats: number 1"),
            ('[batch]\njob = "look"\npanel = "p"\nrun = "r"\n', "batch.job: 'look' is not scan or check"),
            ('[batch]\njob = "check"\npanel = "p"\nrun = "r"\n', "lacks file, the incoming day"),
            ('[batch]\njob = "scan"\npanel = "p"\nrun = "r"\nfail_on = "info"\n', "batch.fail_on: 'info'"),
        ],
    )
    def test_what_is_wrong_is_named_with_its_file(self, read, text, says):
        with pytest.raises(UsageError) as raised:
            read(text)
        assert "nightly.toml: " in str(raised.value)
        assert says in str(raised.value)

    def test_a_file_that_is_not_there_is_named(self, tmp_path):
        with pytest.raises(UsageError, match=r"none\.toml: no such file"):
            read_batch(tmp_path / "none.toml", DAY)


class TestScan:
    def test_scans_publishes_and_mails(self, default_panels, tmp_path, bucket, mail, server):
        batch = Batch(
            "scan", default_panels.faulty, str(tmp_path / "run"), ruleset="notebook", publish=bucket, mail=True
        )
        done = run_batch(batch, Settings(mail=mail))
        assert done.undelivered == ()
        there, here = open_store(bucket), open_store(tmp_path / "run")
        for key in ("summary.json", "anomalies.csv", "findings/year=2022/findings.parquet"):
            assert there.read(key) == here.read(key)
        message = arrived(server)
        assert message["Subject"].startswith(f"Stock Anomaly Scan - {done.summary['findings']:,} findings")
        assert f"Results: {bucket}" in message.get_body(("plain",)).get_content()

    @pytest.mark.parametrize("s3", [S3Options(), NOBODY], ids=["no such bucket", "refused connection"])
    def test_a_failed_publication_leaves_the_run_and_still_mails(self, flat_panel, tmp_path, bucket, mail, server, s3):
        batch = Batch("scan", flat_panel.address, str(tmp_path / "run"), publish=f"{bucket}-other", mail=True)
        done = run_batch(batch, Settings(mail=mail, s3=s3))
        assert len(done.undelivered) == 1
        assert f"{bucket}-other" in done.undelivered[0]
        assert open_store(tmp_path / "run").exists("summary.json")
        assert f"Results: {tmp_path}/run" in arrived(server).get_body(("plain",)).get_content()

    @pytest.mark.parametrize("wrong", [{"port": 9}, {"password": "wrong"}])
    def test_a_failed_mail_leaves_the_run_and_the_publication(self, flat_panel, tmp_path, bucket, mail, wrong):
        batch = Batch("scan", flat_panel.address, str(tmp_path / "run"), publish=bucket, mail=True)
        done = run_batch(batch, Settings(mail=mail | wrong))
        assert len(done.undelivered) == 1
        assert "0 of 1 recipients reached" in done.undelivered[0]
        assert open_store(tmp_path / "run").exists("summary.json")
        assert open_store(bucket).exists("summary.json")

    def test_both_failures_are_told(self, flat_panel, tmp_path, mail):
        batch = Batch("scan", flat_panel.address, str(tmp_path / "run"), publish="s3://nowhere", mail=True)
        assert len(run_batch(batch, Settings(mail=mail | {"port": 9}, s3=NOBODY)).undelivered) == 2

    def test_a_mail_setting_that_is_missing_stops_before_anything_starts(self, flat_panel, tmp_path, mail):
        batch = Batch("scan", flat_panel.address, str(tmp_path / "run"), mail=True)
        with pytest.raises(UsageError, match="recipients"):
            run_batch(batch, Settings(mail=mail | {"recipients": ()}))
        assert not (tmp_path / "run").exists()

    def test_publishing_onto_the_run_itself_stops_before_anything_starts(self, flat_panel, tmp_path):
        batch = Batch("scan", flat_panel.address, str(tmp_path / "run"), publish=f"{tmp_path}/run/")
        with pytest.raises(UsageError, match=r"batch\.publish"):
            run_batch(batch, Settings())
        assert not (tmp_path / "run").exists()

    def test_a_scan_that_fails_publishes_and_mails_nothing(self, tmp_path, bucket, mail, server):
        batch = Batch("scan", str(tmp_path / "none"), str(tmp_path / "run"), publish=bucket, mail=True)
        with pytest.raises(InputError):
            run_batch(batch, Settings(mail=mail))
        assert (server.messages, open_store(bucket).entries()) == ([], [])


class TestCheck:
    def batch(self, acceptance, tmp_path, **options):
        history = str(tmp_path / "history")
        shutil.copytree(acceptance.history, history)
        return Batch("check", history, str(tmp_path / "run"), file=acceptance.file, **options)

    def test_checks_publishes_and_mails_the_notebooks_day(self, acceptance, tmp_path, bucket, mail, server):
        done = run_batch(
            self.batch(acceptance, tmp_path, ruleset="notebook", publish=bucket, mail=True), Settings(mail=mail)
        )
        assert done.undelivered == ()
        assert open_store(bucket).read("anomalies/anomaly_report_1.csv").decode() == acceptance.csv
        message = arrived(server)
        assert message["Subject"] == "Stock Anomaly Alert - 2022-09-26"
        lines = message.get_body(("plain",)).get_content().splitlines()
        assert lines == ["📅 Detected 14 anomalies on 2022-09-26:", "", *acceptance.lines]

    def test_a_day_that_cannot_be_appended_is_still_mailed(self, acceptance, tmp_path, mail, server):
        done = run_batch(self.batch(acceptance, tmp_path, append=True, mail=True), Settings(mail=mail))
        assert "2022-09-26 is not appended: it has blank or doubled tickers" in done.not_appended
        assert len(server.messages) == 1

    @pytest.mark.parametrize(("fail_on", "rows"), [(None, 33), ("warning", 30)])
    def test_a_day_that_fails_is_not_appended(self, flat_panel, tmp_path, fail_on, rows):
        (tmp_path / "day.csv").write_text("date,AAA,BBB,CCC\n2022-01-11,100,100,150\n")
        batch = Batch(
            "check",
            flat_panel.address,
            str(tmp_path / "run"),
            file=str(tmp_path / "day.csv"),
            append=True,
            fail_on=fail_on,
        )
        run_batch(batch, Settings())
        assert sum(read_year(flat_panel, year).height for year in list_years(flat_panel)) == rows
