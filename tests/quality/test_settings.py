"""Settings: who overrules whom, what is refused by name, and where secrets may come from."""

import os

import pytest

from quality.errors import UsageError
from quality.rules.model import Thresholds
from quality.settings import load_settings

SERVER = {"PRICEWATCH_MAIL_USER": "alerts@example.com", "PRICEWATCH_MAIL_RECIPIENTS": "a@example.com, b@example.com"}


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """No settings file of the checkout is met by chance."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def config(tmp_path):
    def write(text, name="own.toml"):
        (tmp_path / name).write_text(text, encoding="utf-8")
        return tmp_path / name

    return write


def refusal(**given):
    with pytest.raises(UsageError) as raised:
        load_settings(**{"environment": {}} | given)
    assert len(str(raised.value).splitlines()) == 1
    return str(raised.value)


class TestOrder:
    def test_defaults(self):
        chosen = load_settings(environment={})
        assert 1 <= chosen.threads <= 8
        assert (chosen.memory_limit, chosen.rows_a_chunk) == (1 << 30, 1_000_000)
        assert chosen.s3.endpoint_url is None
        assert chosen.thresholds == {}

    def test_flags_over_environment_over_file_over_defaults(self, config):
        file = config('[engine]\nthreads = 3\nmemory_limit = "2GiB"\nrows_a_chunk = 5\n')
        environment = {"PRICEWATCH_ENGINE_THREADS": "4", "PRICEWATCH_ENGINE_MEMORY_LIMIT": "3 GB"}
        chosen = load_settings({"engine": {"threads": 5, "memory_limit": None}}, file, environment)
        assert (chosen.threads, chosen.memory_limit, chosen.rows_a_chunk) == (5, 3 * 10**9, 5)

    def test_the_older_name_of_suppressions_is_readable(self, config):
        assert load_settings({}, config('[run]\nexceptions = "a.csv"\n'), {}).suppressions == "a.csv"
        assert load_settings({}, None, {"PRICEWATCH_RUN_EXCEPTIONS": "a.csv"}).suppressions == "a.csv"

    def test_a_file_of_the_usual_name_is_found_and_another_may_be_named(self, config):
        config("[engine]\nthreads = 2\n", "pricewatch.toml")
        other = config("[engine]\nthreads = 3\n")
        assert load_settings(environment={}).threads == 2
        assert load_settings(environment={"PRICEWATCH_CONFIG": str(other)}).threads == 3

    def test_how_s3_is_reached(self, config):
        file = config('[s3]\nendpoint_url = "http://127.0.0.1:9"\nread_timeout = 2.5\nattempts = 1\n')
        s3 = load_settings({}, file, {"PRICEWATCH_S3_REGION": "eu-west-1"}).s3
        assert (s3.endpoint_url, s3.region, s3.read_timeout, s3.attempts) == (
            "http://127.0.0.1:9",
            "eu-west-1",
            2.5,
            1,
        )


class TestRefusals:
    @pytest.mark.parametrize(
        ("text", "says"),
        [
            ("[engine]\nthreads = 0\n", "engine.threads: 0 is not a whole number from 1 to 1,024"),
            ('[engine]\nthreads = "many"\n', "engine.threads: 'many' is not a whole number"),
            ("[engine]\nthreads = true\n", "engine.threads: true is not a whole number"),
            ("[engine]\nthreads = 2.5\n", "engine.threads: 2.5 is not a whole number"),
            ('[engine]\nmemory_limit = "lots"\n', "engine.memory_limit: 'lots' is not a size such as 1GiB"),
            ("[engine]\nmemory_limit = 5\n", "engine.memory_limit: 5 is not text"),
            (
                "[engine]\nspeed = 1\n",
                "no setting engine.speed; there is threads, memory_limit, rows_a_chunk, tickers_a_task",
            ),
            (
                "[engine]\nthread = 1\n",
                "no setting engine.thread; there is threads, memory_limit, rows_a_chunk, tickers_a_task; did",
            ),
            ("[engine]\nthreads = 1000000\n", "engine.threads: 1000000 is not a whole number from 1 to 1,024"),
            ('[engine]\nmemory_limit = "1KiB"\n', "engine.memory_limit: '1KiB' is not a size from 64MiB to 1024TiB"),
            (f"[engine]\nthreads = {'9' * 5000}\n", "is not TOML: "),
            (f"a = {'[' * 5000}", "is not TOML: "),
            ("[run]\nrules = []\n", "run.rules: [] is an empty list of addresses"),
            ('[run]\nsuppressions = ""\n', "run.suppressions: '' is empty"),
            (
                '[run]\nexceptions = "a"\nsuppressions = "b"\n',
                "run.exceptions is the older name of suppressions: give one of them",
            ),
            ("[s3]\nread_timeout = -1\n", "s3.read_timeout: -1 is not a number of seconds above 0"),
            ('[s3]\nread_timeout = "soon"\n', "s3.read_timeout: what is given is not a number of seconds"),
            ("[s3]\nread_timeout = [1]\n", "s3.read_timeout: [1] is not a number of seconds"),
            ('[mail]\nsecurity = "none"\n', "mail.security: what is given is not tls or starttls"),
            ("[mail]\nrecipients = 5\n", "mail.recipients: 5 is not a list of addresses"),
            ("[mail]\nrecipients = [5]\n", "mail.recipients: [5] is not a list of addresses: number 1 is not text"),
            ('[mail]\nhost = ""\n', "mail.host: what is given is empty"),
            ("engine = 5\n", "engine must be a section [engine]"),
            (
                "[engin]\n",
                "no section [engin]; there is engine, run, s3, mail,",
            ),
            ("[rules.notebok.price_increase]\nlimit = 1\n", "rules.notebok: no such rule set"),
            ("[rules.notebook]\nprice_increase = 1\n", "rules.notebook.price_increase must be a section"),
            ("[rules.notebook.price_increase]\nlimit = '1'\n", "price_increase.limit: '1' is not a number"),
            ("[rules.notebook.price_increase]\nlimit = nan\n", "price_increase.limit: nan is not a finite number"),
            ("[rules.notebook.price_increase]\nlimit = inf\n", "price_increase.limit: inf is not a finite number"),
            ("[rules.notebook.price_increase.tickers]\nA = 1\n", "tickers.A must be a section"),
            ("[engine\n", "is not TOML"),
        ],
    )
    def test_of_a_file_name_file_and_key(self, config, text, says):
        file = config(text)
        message = refusal(config=file)
        assert message.startswith(f"{file}: ")
        assert says in message

    @pytest.mark.parametrize(
        ("variable", "value"),
        [
            ("PRICEWATCH_ENGINE_THREADS", "0"),
            ("PRICEWATCH_ENGINE_THREADS", "two"),
            ("PRICEWATCH_ENGINE_THREADS", ""),
            ("PRICEWATCH_ENGINE_THREAD", "2"),
            ("PRICEWATCH_CONFIG", ""),
            ("PRICEWATCH_MAIL_PASSWORD", ""),
            ("PRICEWATCH_ENGINE_MEMORY_LIMIT", "-1GiB"),
            ("PRICEWATCH_S3_CONNECT_TIMEOUT", "inf"),
            ("PRICEWATCH_S3_CONNECT_TIMEOUT", "soon"),
            ("PRICEWATCH_MAIL_PORT", "smtp"),
            ("PRICEWATCH_MAIL_SECURITY", "ssl"),
            ("PRICEWATCH_MAIL_RECIPIENTS", "a@example.com,,b@example.com"),
        ],
    )
    def test_of_the_environment_name_the_variable(self, variable, value):
        assert refusal(environment={variable: value}).startswith(f"{variable}: ")

    def test_a_file_that_is_not_there_is_named(self, tmp_path):
        assert "no.toml: no such file or directory; check the address" in refusal(config=tmp_path / "no.toml")

    def test_a_variable_that_is_no_setting_is_refused_with_what_was_perhaps_meant(self):
        message = refusal(environment={"PRICEWATCH_ENGINE_THREAD": "2"})
        assert message.startswith("PRICEWATCH_ENGINE_THREAD: no such setting; did you mean PRICEWATCH_ENGINE_THREADS")

    def test_an_empty_address_of_the_file_is_refused(self):
        assert refusal(config="") == "--config: '' is empty"

    def test_what_the_command_line_gives_is_checked_too(self):
        assert refusal(flags={"engine": {"threads": 0}}) == "--threads: 0 is not a whole number from 1 to 1,024"

    def test_a_pipe_a_device_and_a_folder_are_no_settings_files(self, tmp_path):
        os.mkfifo(tmp_path / "pipe.toml")
        assert "it is a pipe, not a file" in refusal(config=tmp_path / "pipe.toml")
        assert "/dev/zero: it is a device, not a file" in refusal(config="/dev/zero")
        assert "is a directory" in refusal(config=tmp_path)

    def test_a_file_far_too_large_for_settings_is_not_read(self, tmp_path):
        with (tmp_path / "large.toml").open("wb") as file:
            file.truncate(1 << 40)
        assert "more than the 1,048,576 that it may" in refusal(config=tmp_path / "large.toml")

    def test_a_file_that_is_no_text_is_named(self, tmp_path):
        (tmp_path / "own.toml").write_bytes(b"\xff")
        assert "own.toml: is not TOML" in refusal(config=tmp_path / "own.toml")


class TestSecrets:
    def test_a_password_in_the_file_is_refused_and_not_repeated(self, config):
        message = refusal(config=config('[mail]\npassword = "hunter2"\n'))
        assert "mail.password is a secret and has no place here" in message
        assert "PRICEWATCH_MAIL_PASSWORD or mail.password_file" in message
        assert "hunter2" not in message

    def test_it_comes_from_the_environment(self):
        chosen = load_settings(environment={**SERVER, "PRICEWATCH_MAIL_PASSWORD": "hunter2"})
        smtp = chosen.smtp()
        assert (smtp.user, smtp.password, smtp.sender) == ("alerts@example.com", "hunter2", "alerts@example.com")
        assert smtp.recipients == ("a@example.com", "b@example.com")
        assert "hunter2" not in repr(chosen) + repr(smtp)

    def test_or_from_a_file_and_the_environment_counts_more(self, tmp_path):
        (tmp_path / "secret").write_text("hunter2\n")
        environment = {**SERVER, "PRICEWATCH_MAIL_PASSWORD_FILE": str(tmp_path / "secret")}
        assert load_settings(environment=environment).smtp().password == "hunter2"
        environment["PRICEWATCH_MAIL_PASSWORD"] = "other"
        assert load_settings(environment=environment).smtp().password == "other"

    def test_a_secret_file_that_is_not_there_is_named(self, tmp_path):
        environment = {**SERVER, "PRICEWATCH_MAIL_PASSWORD_FILE": str(tmp_path / "none")}
        with pytest.raises(
            UsageError, match=r"mail\.password_file: the file that it names cannot be read: no such file"
        ):
            load_settings(environment=environment).smtp()

    @pytest.mark.parametrize(
        "key", ["port", "security", "timeout", "recipients", "pasword", "password", "password_file"]
    )
    def test_one_that_stands_in_a_wrong_place_is_not_repeated(self, config, key):
        file = config(f'[mail]\n{key} = "\u0000hunter2"\n'.replace("\0", "\\u0000"))
        with pytest.raises(UsageError) as raised:
            load_settings({}, file, {}).smtp()
        assert "hunter2" not in str(raised.value)
        assert f"mail.{key}" in str(raised.value)


class TestMail:
    @pytest.mark.parametrize(
        ("changes", "says"),
        [
            ({"PRICEWATCH_MAIL_RECIPIENTS": None}, "mail.recipients: nobody to write to"),
            ({"PRICEWATCH_MAIL_PORT": "70000"}, "mail.port: 70000"),
            ({"PRICEWATCH_MAIL_PASSWORD": None}, "mail.password: missing"),
        ],
    )
    def test_what_is_missing_is_named_only_when_mail_is_wanted(self, changes, says):
        environment = {**SERVER, "PRICEWATCH_MAIL_PASSWORD": "x", **changes}
        environment = {name: value for name, value in environment.items() if value is not None}
        chosen = load_settings(environment=environment)
        with pytest.raises(UsageError) as raised:
            chosen.smtp()
        assert says in str(raised.value)
        assert "PRICEWATCH_MAIL_" in str(raised.value)

    def test_the_command_line_may_say_otherwise(self):
        chosen = load_settings(environment={**SERVER, "PRICEWATCH_MAIL_PASSWORD": "x"})
        assert chosen.smtp({"recipients": ("c@example.com",)}).recipients == ("c@example.com",)


def test_thresholds_are_by_set_rule_and_ticker(config):
    file = config(
        '[rules.notebook.price_increase]\nlimit = 1\n[rules.notebook.price_increase.tickers."BRK.B"]\nlimit = 0.5\n'
    )
    assert load_settings({}, file, {}).thresholds == {
        "notebook": {"price_increase": Thresholds({"limit": 1.0}, {"BRK.B": {"limit": 0.5}})}
    }
