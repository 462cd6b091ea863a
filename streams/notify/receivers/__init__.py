"""The receivers of messages: Slack-compatible and signed webhooks, and e-mail."""
