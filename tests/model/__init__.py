"""The commit protocol as a game of single steps, so that every rule can be broken on purpose.

Kafka's old transaction protocol, senders, two stages, and a world in which processes die, sleep and
come back, requests arrive late or twice, logs are compacted, clocks move and versions change.
A schedule is one seed. `python -m tests.model 100000 5000` plays many.
"""
