"""What `spark-submit` starts: `spark_submit.py PANEL RUN …` is `pricewatch scan PANEL RUN --engine spark …`."""

import sys
from pathlib import Path


def main(arguments: list[str]) -> int:
    """Run a scan on the cluster that started this program, and give the exit code."""
    # A script's own folder comes first on the path, where modules of its neighbours' names would be found in it.
    here = str(Path(__file__).resolve().parent)
    sys.path[:] = [entry for entry in sys.path if entry != here]
    from jobs.cli import main as pricewatch  # noqa: PLC0415

    return pricewatch(["scan", *arguments, "--engine", "spark"])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
