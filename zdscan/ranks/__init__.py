"""The processes of a job, alone or under MPI: the one folder that imports mpi4py.

- `launcher`: what the program that started the processes tells them.
- `mpi`: what ranks do together, with a stand-in where there is one process.
- `windows`: memory of rank 0 that every rank changes without its help: counters, signs of life.
- `lastwords`: the one message of a rank that fails.

It may import errors alone. Anything that imports numpy is imported late: `launcher.limit_threads` must come before.
"""
