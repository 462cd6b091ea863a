"""Real Kafka, real workers, real gateway, and whatever can break broken: is anything wrong?"""
