"""`python -m streams.cli`: the command `sales-kpis`, for child processes."""

from streams.cli import main

main()
