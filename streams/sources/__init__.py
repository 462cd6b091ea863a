"""Sources of events: what each CRM sends, how it is verified and what it becomes."""
