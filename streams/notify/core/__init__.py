"""What is sent to whom and when: pure, with the time as an argument."""
