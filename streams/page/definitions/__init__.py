"""What a KPI means: its text, its formula, and the settings in force that it depends on."""
