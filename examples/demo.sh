#!/bin/sh
# The main job on real data: what a living review is, in one minute. Run by: make demo
set -eu
out=demo
rm -rf "$out"
mkdir -p "$out"
export REVIEW_DATABASE_URL="sqlite:///$out/review.db"

step() { printf '\n== %s\n' "$1"; }
run() { printf '\n$ review %s\n' "$*"; review "$@"; }

step "The founding review: what was published, and what it says against the margins"
run init
run seed load founding
run published --review founding

step "76 trials of CBT for depression: the state of 2008"
run seed load cbt-delivery --until 2008
run repool --review cbt-delivery

step "The later trials arrive, and the job runs again"
run seed load cbt-delivery
run repool --review cbt-delivery

step "Once more: nothing changed, so nothing is computed"
run repool --review cbt-delivery

step "For the manuscript"
run plot forest multimedia --review cbt-delivery --out "$out/forest.svg" --out "$out/forest.png"
run plot cumulative multimedia --review cbt-delivery --out "$out/cumulative.svg" --out "$out/cumulative.png"
run export tables --review cbt-delivery --out "$out/tables" --format docx --format xlsx --format csv --format latex
run verify

printf '\nThe forest plot:     %s\n' "$out/forest.svg, $out/forest.png"
printf 'The cumulative plot: %s\n' "$out/cumulative.svg, $out/cumulative.png"
printf 'The summary table:   %s\n' "$out/tables/tables.docx"
