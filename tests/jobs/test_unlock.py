"""`pricewatch unlock`: it shows who holds a place, and frees what a dead run left."""

import json
import os

from quality.storage import LOCK_KEY, holding, open_store, write_file


def test_a_place_that_nobody_holds(pricewatch, tmp_path):
    assert pricewatch("unlock", tmp_path).out == f"nobody holds {tmp_path}\n"


def test_a_living_run_is_shown_and_keeps_its_folder(pricewatch, tmp_path):
    with holding(open_store(tmp_path / "run")):
        assert f"is held by process {os.getpid()} on " in pricewatch("unlock", "run").out
        done = pricewatch("unlock", "run", "--free")
        assert done.code == 3
        assert "end the process; the lock then ends with it" in done.err


def test_a_dead_runs_lock_on_s3_is_freed(pricewatch, bucket):
    with holding(open_store(bucket)):
        lock = open_store(bucket).read(LOCK_KEY)
    write_file(f"{bucket}/{LOCK_KEY}", lock)
    shown = json.loads(pricewatch("unlock", bucket, "--json").out)
    assert (shown["held"], shown["holder"]["pid"], shown["freed"]) == (True, os.getpid(), False)
    assert pricewatch("unlock", bucket, "--free").out.endswith(f"{bucket} is free\n")
    with holding(open_store(bucket)):
        pass
