"""Faults from outside, and that each ends as it should: real Kafka, real processes."""
