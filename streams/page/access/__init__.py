"""Who may look at what: viewers by token, session or trusted header."""
