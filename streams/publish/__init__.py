"""What leaves: one reader of `sales.kpis` feeds Prometheus, the page and whoever asks."""
