"""The Faust app: who owns which shard, and fetched batches on their way to the tables."""
