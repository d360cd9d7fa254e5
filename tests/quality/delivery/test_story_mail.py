"""A story as a mail: text, page, charts and CSV; and smaller where the server takes less."""

from dataclasses import replace

import pytest

from quality.delivery.smtp_settings import SmtpSettings
from quality.delivery.story_mail import compose_mails
from quality.storage import open_store

SETTINGS = SmtpSettings(sender="alerts@example.com", recipients=("desk@example.com",))


@pytest.fixture
def run(tmp_path):
    rows = [f'2022-09-26,ST{number:05},price_spike,"a\nb"' for number in range(100_000)]
    store = open_store(tmp_path)
    store.write("anomalies.csv", ("date,ticker,rule,message\n" + "\n".join(rows) + "\n").encode())
    return store


def test_a_mail_has_a_text_a_page_a_chart_and_as_much_csv_as_fits(story, run):
    full, less, bare = compose_mails(replace(story, charts={"ST0055": b"\x89PNG"}), run, SETTINGS)
    assert full["Subject"] == story.subject
    assert full.get_body(("plain",)).get_content().startswith("equities 2022-09-26: 1 error")
    assert 'src="cid:chart1"' in full.get_body(("html",)).get_content()
    (image,) = [part for part in full.walk() if part.get_content_type() == "image/png"]
    assert (image["Content-ID"], image.get_content()) == ("<chart1>", b"\x89PNG")
    sizes = []
    for mail, limit in ((full, 1_000_000), (less, 50_000)):
        (csv,) = mail.iter_attachments()
        content = csv.get_payload(decode=True)
        rows = content.split(b"\n2022")[1:]
        assert csv.get_filename() == "anomalies.csv"
        assert limit - 100 < len(content) <= limit
        assert f"holds the first {len(rows):,} findings of 3" in mail.get_body(("plain",)).get_content()
        sizes.append(len(mail.as_bytes()))
    assert list(bare.iter_attachments()) == []
    assert "Nothing is attached" in bare.get_body(("plain",)).get_content()
    assert sizes[0] > sizes[1] > len(bare.as_bytes())


def test_a_story_without_a_run_has_nothing_attached(story):
    assert [list(mail.iter_attachments()) for mail in compose_mails(story, None, SETTINGS)] == [[], [], []]


def test_a_run_without_findings_has_nothing_attached(story, tmp_path):
    store = open_store(tmp_path)
    store.write("anomalies.csv", b"date,ticker\n")
    assert list(compose_mails(story, store, SETTINGS)[0].iter_attachments()) == []
