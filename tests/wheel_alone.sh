#!/usr/bin/env bash
# Installs the wheel into an empty environment, away from the checkout, and runs every verb from there.
# usage: wheel_alone.sh WHEEL PYTHON
set -euo pipefail
wheel=$(realpath "$1")
python=$2
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
"$python" -m venv "$place/venv"
"$place/venv/bin/pip" install --quiet --disable-pip-version-check "$wheel[demo]"
cd "$place"
pw="$place/venv/bin/pricewatch"

expect() { # CODE COMMAND…: runs the command, and fails unless it exits with the code
    local wanted=$1 got=0
    shift
    "$@" >out.txt 2>err.txt || got=$?
    if [ "$got" != "$wanted" ] || grep -q Traceback err.txt; then
        echo "wheel alone: '$*' exited with $got, not $wanted" >&2
        cat out.txt err.txt >&2
        exit 1
    fi
}

expect 0 "$pw" --help
expect 0 "$pw" --version
grep -q '^pricewatch ' out.txt
expect 0 "$pw" generate clean
expect 0 "$pw" inject clean faulty --truth truth.parquet
expect 0 "$pw" scan faulty run --ruleset notebook
grep -q 'price_decrease *4,831' out.txt
expect 0 "$pw" sql worst_tickers --run run
expect 0 "$pw" sql rules --run run
grep -q price_decrease out.txt
expect 0 "$pw" explain ST0059 --run run
expect 0 "$pw" explain ST0059 2021-09-06 --run run --no-chart
expect 0 "$pw" compare run run
expect 0 "$pw" report run
printf 'date,ST0001,ST0002\n2022-09-27,80.10,0\n' >day.csv
expect 0 "$pw" check day.csv --history faulty --out checked --ruleset notebook
grep -q 'ST0002: Zero Price (value=0.00)' out.txt
expect 1 "$pw" check day.csv --history faulty --fail-on error
expect 2 "$pw" mail run
printf '[batch]\njob = "scan"\npanel = "faulty"\nrun = "nightly"\nruleset = "notebook"\n' >batch.toml
expect 0 "$pw" batch batch.toml
expect 0 "$pw" scan day.csv file
expect 0 "$pw" init mine --panel faulty
expect 0 "$pw" doctor mine/nightly.toml
expect 0 "$pw" batch mine/nightly.toml
expect 0 "$pw" completion bash
expect 0 "$place/venv/bin/python" -c 'import quality; print(quality.scan("day.csv").summary["cells"])'
expect 0 "$pw" demo demo
grep -q 'column_5: Missing Ticker at Position 5' out.txt
for verb in $("$place/venv/bin/python" -c 'from jobs.cli import VERBS; print(*VERBS)'); do
    expect 0 "$pw" "$verb" --help
done
echo "wheel alone: every verb runs from $(basename "$wheel") in an empty environment"
