#!/bin/bash
# A scan under Slurm, put back into the queue until it is finished:
#
#   sbatch jobs/slurm.sh jobs/case_c_profile.toml case_c_profile.h5
#
# Adapt the lines marked "site". README.md in this folder says what each scan needs.
#SBATCH --job-name=zdscan
#SBATCH --nodes=4                     # site
#SBATCH --ntasks-per-node=64          # site: one rank for each core, one thread for each rank
#SBATCH --cpus-per-task=1
#SBATCH --mem-per-cpu=1G              # case_a_profile.toml: 3G
#SBATCH --time=12:00:00
#SBATCH --signal=B:USR1@120           # to this script, two minutes before the time is over
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --output=%x-%j.log
set -uo pipefail

scan=${1:?usage: sbatch slurm.sh SCAN.toml GRID.h5}
grid=${2:?usage: sbatch slurm.sh SCAN.toml GRID.h5}

# site: the MPI library that mpi4py shall use, and the environment that zdscan is installed in, for instance
#   module load openmpi
#   . "$HOME/zdscan/bin/activate"

export AFTER_STOP="scontrol requeue $SLURM_JOB_ID"
# Slurm runs a copy of this script, so the helper is looked for beside the scan file. exec: it takes the signal.
# site: some clusters need srun --mpi=pmix or srun --mpi=pmi2
exec bash "$(dirname "$scan")/scan.sh" "$scan" "$grid" srun
