"""What is looked at before a run, without a command line; tests/jobs/test_doctor.py has the rest."""

import datetime as dt
import shutil
from types import SimpleNamespace

from quality.readiness import FAILED, OK, examine
from quality.settings import Settings

DAY = dt.date(2022, 9, 26)


def test_without_a_configuration_the_settings_alone_are_looked_at():
    found = list(examine(Settings(), None, DAY))
    assert [one.what for one in found] == ["rules", "suppressions", "corporate actions", "calendar", "temporary folder"]
    assert {one.state for one in found} == {OK}


def test_little_space_for_temporary_files_is_told(monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=5 << 20))
    (space,) = [one for one in examine(Settings(), None, DAY) if one.what == "temporary folder"]
    assert space.state == FAILED
    assert "only 5 MiB are free" in space.detail
