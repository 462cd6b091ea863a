"""`python -m streams.cli`: the command, for whoever starts one as a process of its own."""

from streams.cli import main

main()
