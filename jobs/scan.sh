#!/bin/bash
# Runs a scan, or continues it where its grid file exists, and ends with zdscan's exit code (75: stopped, to be
# continued). slurm.sh, pbs.sh and htcondor.sub use it; it works anywhere:
#
#   scan.sh SCAN.toml GRID.h5 [LAUNCHER...]        e.g. scan.sh case_c.toml case_c.h5 mpiexec -n 64
#
# SIGUSR1 and SIGTERM are passed on as SIGUSR1, so that every rank finishes its block. In the environment:
#   STOP_AFTER=SECONDS   stop after that time, for batch systems that send no signal before the end
#   AFTER_STOP=COMMAND   what to do after such a stop: queue the job again
set -uo pipefail

if [ "$#" -lt 2 ]; then
    echo "usage: scan.sh SCAN.toml GRID.h5 [LAUNCHER...]" >&2
    exit 2
fi
scan=$1
grid=$2
shift 2

# zdscan gives the file its name when it is complete but for the numbers, so an existing one can be continued.
if [ -e "$grid" ]; then
    set -- "$@" zdscan resume "$grid"
else
    set -- "$@" zdscan run "$scan" -o "$grid"
fi
set -- "$@" --threads "${THREADS:-1}"
if [ -n "${STOP_AFTER:-}" ]; then
    set -- timeout --foreground --preserve-status --signal=USR1 "$STOP_AFTER" "$@"
fi

interrupted=no
trap 'interrupted=yes; kill -USR1 "$job" 2>/dev/null' USR1 TERM
"$@" &
job=$!
wait "$job"
code=$?
while [ "$interrupted" = yes ]; do # it was the signal that ended the waiting
    interrupted=no
    wait "$job"
    code=$?
done

if [ "$code" -eq 75 ] && [ -n "${AFTER_STOP:-}" ]; then
    bash -c "$AFTER_STOP"
fi
exit "$code"
