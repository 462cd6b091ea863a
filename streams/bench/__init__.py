"""The benchmark: throughput, latency, memory, restore and cost of the product on a real Kafka."""
