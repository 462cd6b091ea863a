"""What events look like on the wire beside their types: CloudEvents, schemas, examples."""
