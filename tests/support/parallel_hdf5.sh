#!/usr/bin/env bash
# Builds h5py and mpi4py against Debian's MPICH and parallel HDF5 and runs the tests of the sink `parallel` with them.
#
#   tests/support/parallel_hdf5.sh [FOLDER]      the virtual environment; default build/parallel-hdf5, kept for the next time
#
# Needs root or sudo once, for:  apt-get install mpich libmpich-dev libhdf5-mpich-dev gcc
# Takes about a quarter of an hour, most of it for compiling mpi4py. PYTHON chooses the interpreter (3.11 or newer).
set -euo pipefail
cd "$(dirname "$0")/.."
folder=${1:-build/parallel-hdf5}
python=$folder/bin/python

if ! command -v mpicc.mpich >/dev/null || [ ! -e /usr/lib/x86_64-linux-gnu/hdf5/mpich/libhdf5.so ]; then
    as_root=$([ "$(id -u)" = 0 ] || echo sudo)
    $as_root apt-get install --yes --no-install-recommends mpich libmpich-dev libhdf5-mpich-dev gcc
fi

if [ ! -e "$folder/.built" ]; then
    "${PYTHON:-python3}" -m venv "$folder"
    # h5py's own build would compile mpi4py once more in isolation: its tools are installed here instead.
    "$python" -m pip install --quiet 'setuptools>=77' wheel cython numpy pkgconfig
    CC=mpicc.mpich MPICC=mpicc.mpich "$python" -m pip install --no-build-isolation --no-binary=mpi4py mpi4py
    CC=mpicc.mpich HDF5_MPI=ON \
        HDF5_LIBDIR=/usr/lib/x86_64-linux-gnu/hdf5/mpich HDF5_INCLUDEDIR=/usr/include/hdf5/mpich \
        "$python" -m pip install --no-build-isolation --no-binary=h5py h5py
    "$python" -m pip install --quiet --editable '.[test]'
    touch "$folder/.built"
fi

"$python" -c 'import h5py; assert h5py.get_config().mpi, "this h5py was built without MPI"'
ZDSCAN_TEST_MPIEXEC=$(command -v mpiexec.mpich) "$python" -m pytest tests/grid/test_parallel.py
