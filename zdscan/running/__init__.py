"""Who computes which block, and when: from a scan file to a filled grid file. docs/running.md, docs/scaling.md.

- `driver`: the commands run and resume; `job`: one of either, from the created file on; `workers`: mass tables and
  blocks on threads and ranks, and requests to stop.
- `schedule`: the hand-out of blocks; `clock`: where the time goes; `progress`: bar, lines and status file.
- `estimate`: what a scan will cost, from a few blocks that are really computed.

It may import everything below the terminal: errors, ranks, compiled, physics, evaluation, grid and scan. The physics is
behind one interface, `workers.EngineLike`.
"""
