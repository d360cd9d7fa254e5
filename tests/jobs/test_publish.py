"""`pricewatch publish`: a finished run to its place, again and again."""

import json

from quality.delivery.latest import read_latest
from quality.storage import open_store


def test_a_run_is_published_by_its_id_and_latest_leads_to_it(pricewatch, flat_panel, bucket):
    assert pricewatch("scan", flat_panel.address, "run").code == 0
    for _ in range(2):
        done = pricewatch("publish", "run", f"{bucket}/{{panel}}/{{run}}")
        assert done.code == 0
        assert "latest.json leads to the latest" in done.out
    latest = read_latest(open_store(f"{bucket}/panel"))
    summary = json.loads(open_store("run").read("summary.json"))
    assert latest["run_id"] == summary["run_id"]
    assert json.loads(open_store(latest["address"]).read("summary.json")) == summary


def test_a_run_is_published_by_its_date(pricewatch, flat_panel, bucket):
    pricewatch("scan", flat_panel.address, "run")
    done = pricewatch("publish", "run", f"{bucket}/{{date}}", "--json")
    assert json.loads(done.out)["address"] == f"{bucket}/2022-01-10"
    assert open_store(f"{bucket}/2022-01-10").exists("summary.json")


def test_what_is_wrong_is_one_line(pricewatch, flat_panel, bucket):
    assert "no finished run" in pricewatch("publish", "none", bucket).failed(3)
    pricewatch("scan", flat_panel.address, "run")
    assert "no such bucket" in pricewatch("publish", "run", f"{bucket}-none").failed(4)
    assert "onto itself" in pricewatch("publish", "run", "./run").failed(2)
