"""The demo: an installation on one machine with the simulated events of a small company."""
