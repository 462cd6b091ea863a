"""Checks of the processes that read the output: notify, history and page."""
