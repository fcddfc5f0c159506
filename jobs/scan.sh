#!/bin/bash
# Runs a scan, or continues it where its grid file exists, and ends with zdscan's exit code (75: stopped, to be
# continued). slurm.sh, pbs.sh and htcondor.sub use it; it works anywhere:
#
#   scan.sh SCAN.toml GRID.h5 [LAUNCHER...]        e.g. scan.sh case_c.toml case_c.h5 mpiexec -n 64
#
# A grid of another scan file is refused. SIGUSR1 and SIGTERM are passed on as SIGUSR1, so that every rank finishes its
# block. SIGUSR1 says that the time is over, SIGTERM that the job is not wanted any more. In the environment:
#   STOP_AFTER=SECONDS   stop after that time, for batch systems that send no signal before the end
#   LAUNCHER_SECONDS=30  how long a launcher may take to end a job that has lost a machine, before it is ended itself
#   AFTER_STOP=COMMAND   what to do when the time was over, or a machine was lost: queue the job again
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
    set -- "$@" zdscan resume "$grid" --scan "$scan"
else
    set -- "$@" zdscan run "$scan" -o "$grid"
fi
set -- "$@" --threads "${THREADS:-1}"

interrupted=no
over=no
unwanted=no
former=$(cat "$grid.status.json" 2>/dev/null)
trap 'interrupted=yes; over=yes; kill -USR1 "$job" 2>/dev/null' USR1
trap 'interrupted=yes; unwanted=yes; kill -USR1 "$job" 2>/dev/null' TERM

status_says() { # whether the status file of this run has that text
    local found
    found=$(cat "$grid.status.json" 2>/dev/null)
    [ "$found" != "$former" ] && [[ $found == *"$1"* ]]
}
stopped='"state": "stopped"'
lost='"cause": "no sign of life'

"$@" &
job=$!
# A clock for batch systems that send no signal, and an end for launchers that wait for a lost machine for ever (mpirun
# of Open MPI 4). $$ is this script, not its subshell. If the script is killed, the watch stops as well.
(
    rung=no
    while kill -0 "$$"; do
        if [ "$rung" = no ] && [ -n "${STOP_AFTER:-}" ] && [ "$SECONDS" -ge "$STOP_AFTER" ]; then
            kill -USR1 "$$"
            rung=yes
        fi
        if status_says "$lost"; then
            sleep "${LAUNCHER_SECONDS:-30}"
            kill "$job"
            sleep 5
            kill -KILL "$job"
            break
        fi
        sleep 2
    done
) >/dev/null 2>&1 &
watch=$!
wait "$job"
code=$?
while [ "$interrupted" = yes ]; do # it was the signal that ended the waiting
    interrupted=no
    wait "$job"
    code=$?
done

kill "$watch" 2>/dev/null

# Some launchers end with a code of their own after a clean stop; then the status file of this run tells.
if [ "$code" -ne 0 ] && status_says "$stopped"; then
    code=75
fi
# The signal came before zdscan listens, or as it was ending: the next job begins or continues it, or finds all finished.
if [ "$over" = yes ] && [ "$code" -ne 0 ] && [ "$code" -ne 2 ] && ! status_says '"state": "failed"'; then
    code=75
fi
# After the loss of a machine other machines can go on.
if [ "$code" -ne 0 ] && status_says "$lost"; then
    code=75
    if [ "$unwanted" = no ]; then
        over=yes
    fi
fi

if [ "$code" -eq 75 ] && [ "$over" = yes ] && [ -n "${AFTER_STOP:-}" ]; then
    bash -c "$AFTER_STOP"
fi
exit "$code"
