-- Which alerts stood at an instant is asked by when they ended.
CREATE INDEX ended_alerts_by_end ON ended_alerts (ended_ms);
