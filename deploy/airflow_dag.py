"""The scheduled batch as an Airflow DAG: one run a day, and any range of past days by `airflow backfill create`."""

import datetime as dt

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

with DAG(
    "pricewatch",
    schedule="30 18 * * 1-5",
    start_date=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
    catchup=False,
    max_active_runs=1,
    # A rerun of a date comes to the same and tells nothing twice, so that every retry is safe.
    default_args={"retries": 3, "retry_delay": dt.timedelta(minutes=10)},
):
    BashOperator(
        task_id="batch",
        # 1 says that findings reach fail_on, which the mail has told: the task did its work.
        bash_command=(
            "pricewatch batch /srv/pricewatch/nightly.toml --date {{ ds }} --log-format json "
            "|| { code=$?; [ $code = 1 ] || exit $code; }"
        ),
    )
