"""What `sales-kpis notify` does."""
