-- Instants are milliseconds since the epoch, amounts decimal text; `record` is as published.
CREATE TABLE schema_version (version INTEGER PRIMARY KEY);

-- The Kafka that the records are from.
CREATE TABLE origin (cluster TEXT PRIMARY KEY);

CREATE TABLE progress (
    topic TEXT NOT NULL,
    kafka_partition INTEGER NOT NULL,
    next_offset INTEGER NOT NULL,
    pass_number INTEGER NOT NULL,
    is_swept INTEGER NOT NULL,
    read_ms INTEGER NOT NULL,
    PRIMARY KEY (topic, kafka_partition)
);

CREATE TABLE kpi_records (
    key TEXT PRIMARY KEY,
    kpi TEXT NOT NULL,
    scope TEXT NOT NULL,
    dimension TEXT NOT NULL,
    dimension_value TEXT NOT NULL,
    time_window TEXT NOT NULL,
    start_ms INTEGER NOT NULL,
    end_ms INTEGER NOT NULL,
    start_day TEXT NOT NULL,
    value TEXT,
    target TEXT,
    unit TEXT NOT NULL,
    final INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    as_of_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL,
    day TEXT NOT NULL,
    labels TEXT,
    record TEXT NOT NULL,
    kafka_partition INTEGER NOT NULL,
    kafka_offset INTEGER NOT NULL,
    pass_number INTEGER NOT NULL
);
CREATE INDEX kpi_records_by_scope ON kpi_records (kpi, time_window, scope, start_ms);
CREATE INDEX kpi_records_by_start ON kpi_records (start_ms);

-- What a key's record was at the end of each earlier day; its newest one is in kpi_records.
CREATE TABLE kpi_trail (
    key TEXT NOT NULL,
    kpi TEXT NOT NULL,
    scope TEXT NOT NULL,
    dimension TEXT NOT NULL,
    dimension_value TEXT NOT NULL,
    time_window TEXT NOT NULL,
    start_ms INTEGER NOT NULL,
    end_ms INTEGER NOT NULL,
    start_day TEXT NOT NULL,
    value TEXT,
    target TEXT,
    unit TEXT NOT NULL,
    final INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    as_of_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL,
    day TEXT NOT NULL,
    labels TEXT,
    record TEXT NOT NULL,
    kafka_partition INTEGER NOT NULL,
    kafka_offset INTEGER NOT NULL,
    pass_number INTEGER NOT NULL,
    PRIMARY KEY (key, day)
);
CREATE INDEX kpi_trail_by_scope ON kpi_trail (kpi, time_window, scope, start_ms);
CREATE INDEX kpi_trail_by_start ON kpi_trail (start_ms);

CREATE TABLE alerts (
    key TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    rep TEXT,
    since_ms INTEGER NOT NULL,
    amount TEXT,
    currency TEXT,
    text TEXT NOT NULL,
    updated_ms INTEGER NOT NULL,
    record TEXT NOT NULL,
    kafka_partition INTEGER NOT NULL,
    kafka_offset INTEGER NOT NULL,
    pass_number INTEGER NOT NULL
);

-- Without the subject: no erasure of it reaches an alert that has ended.
CREATE TABLE ended_alerts (
    kafka_partition INTEGER NOT NULL,
    kafka_offset INTEGER NOT NULL,
    kind TEXT NOT NULL,
    rep TEXT,
    since_ms INTEGER NOT NULL,
    ended_ms INTEGER NOT NULL,
    PRIMARY KEY (kafka_partition, kafka_offset, since_ms)
);

CREATE TABLE catalogue (
    key TEXT PRIMARY KEY,
    kind TEXT,
    unit TEXT,
    better TEXT,
    question TEXT,
    text TEXT,
    record TEXT NOT NULL,
    kafka_partition INTEGER NOT NULL,
    kafka_offset INTEGER NOT NULL,
    pass_number INTEGER NOT NULL
);

CREATE VIEW kpi_as_of AS
SELECT * FROM kpi_records UNION ALL SELECT * FROM kpi_trail;

-- One row for each window: what charts of trends draw.
CREATE VIEW kpi_trends AS
SELECT kpi, dimension, dimension_value, time_window, start_day,
       start_ms / 1000.0 AS starts, end_ms / 1000.0 AS ends,
       CAST(value AS REAL) AS number, value, CAST(target AS REAL) AS target, unit, final, revision
FROM kpi_records;

-- What a level was from each day with a step on, until the next of them.
CREATE VIEW kpi_levels AS
SELECT kpi, dimension, dimension_value, start_day AS first_day,
       lead(start_day) OVER (PARTITION BY kpi, scope ORDER BY start_ms) AS next_day,
       CAST(value AS REAL) AS number, value, unit
FROM kpi_records
WHERE time_window = 'day'
  AND kpi IN (SELECT key FROM catalogue WHERE kind IN ('level', 'level_ratio'));
