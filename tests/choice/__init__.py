"""What operators choose: KPIs, windows, their own KPIs and dimensions."""
