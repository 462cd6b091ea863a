"""The Faust app: group membership, and the way of fetched records to the tasks."""
