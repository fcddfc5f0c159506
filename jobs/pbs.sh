#!/bin/bash
# A scan under PBS (OpenPBS, PBS Pro), continued by another job until it is finished:
#
#   qsub -v SCAN=jobs/case_c_profile.toml,GRID=case_c_profile.h5 jobs/pbs.sh
#
# Adapt the lines marked "site". README.md in this folder says what each scan needs.
#PBS -N zdscan
# 3 GB a rank are enough for every scan in this folder, 1 GB for all but case_a_profile.toml.
#PBS -l select=4:ncpus=64:mpiprocs=64:mem=192gb
#PBS -l walltime=12:00:00
#PBS -j oe
#PBS -r y
set -uo pipefail

: "${SCAN:?usage: qsub -v SCAN=SCAN.toml,GRID=GRID.h5 pbs.sh}"
: "${GRID:?usage: qsub -v SCAN=SCAN.toml,GRID=GRID.h5 pbs.sh}"
cd "${PBS_O_WORKDIR:?this script is for qsub}" || exit 2
folder=$(dirname "$SCAN")

# site: the MPI library that mpi4py shall use, and the environment that zdscan is installed in, for instance
#   module load mpich
#   . "$HOME/zdscan/bin/activate"

# PBS sends no signal in good time, so zdscan stops by itself: two minutes before the walltime above.
export STOP_AFTER=${STOP_AFTER:-43080}
export AFTER_STOP="qsub -v 'SCAN=$SCAN,GRID=$GRID,STOP_AFTER=$STOP_AFTER' '$folder/pbs.sh'"
exec bash "$folder/scan.sh" "$SCAN" "$GRID" mpiexec -n "$(wc -l <"$PBS_NODEFILE")"
