"""The page: an HTTP server of views, of a JSON API and of a stream of changes, behind access."""
