"""Alerts that reach people: `core` decides, `receivers` send, `service` runs both on Kafka."""
