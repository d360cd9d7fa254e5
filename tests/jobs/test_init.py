"""`pricewatch init`: the files work as they are, and hold every setting."""

import tomllib
from pathlib import Path

import pytest

from quality import settings

TEMPLATES = Path(settings.__file__).resolve().parents[1] / "jobs" / "templates"


def test_the_settings_are_the_defaults(pricewatch):
    assert pricewatch("init").code == 0
    assert settings.load_settings(None, "pricewatch.toml") == settings.Settings()


def test_the_scheduled_run_works_as_it_is(pricewatch, default_panels):
    done = pricewatch("init", "mine", "--panel", default_panels.faulty)
    assert done.out.splitlines()[0] == "written: mine/pricewatch.toml"
    assert pricewatch("batch", "mine/nightly.toml", "--date", "2022-09-27", "--quiet").code == 0
    assert Path("runs/nightly/2022-09-27/summary.json").is_file()


def test_every_setting_can_be_seen_and_its_example_works():
    """With the comments taken away the file is still one of settings, and it names all there are."""
    text = (TEMPLATES / "pricewatch.toml").read_text(encoding="utf-8")
    lines = [line.removeprefix("# ") for line in text.splitlines() if "=" in line or line.lstrip("# ").startswith("[")]
    Path("all.toml").write_text("\n".join(lines), encoding="utf-8")
    settings.load_settings(None, "all.toml")
    given = tomllib.loads(Path("all.toml").read_text(encoding="utf-8"))
    known = {section: set(keys) for section, keys in settings._SETTINGS.items()}
    for section, keys in known.items():
        # In how many attempts is an older way to say for how long.
        missing = keys - set(given[section]) - {"attempts"}
        assert not missing, f"jobs/templates/pricewatch.toml lacks {section}: {missing}"


@pytest.mark.parametrize("name", ["pricewatch.toml", "nightly.toml"])
def test_what_is_there_is_left_alone(pricewatch, name):
    Path(name).write_text("# mine\n")
    assert f"{name} is there already" in pricewatch("init").failed(2)
    assert [path.name for path in Path().iterdir()] == [name]
    assert Path(name).read_text() == "# mine\n"


def test_an_odd_panel_is_written_so_that_it_is_read_again(pricewatch):
    pricewatch("init", "--panel", 'a "b"\\c')
    assert tomllib.loads(Path("nightly.toml").read_text())["batch"]["panel"] == 'a "b"\\c'
