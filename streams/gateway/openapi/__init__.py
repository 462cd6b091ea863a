"""The gateway's OpenAPI description, generated from events, limits and kinds of refusal."""
