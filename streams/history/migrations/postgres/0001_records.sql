-- Instants are milliseconds since the epoch, amounts decimal text; `record` is as published.
CREATE SCHEMA IF NOT EXISTS sales_kpis;
CREATE TABLE schema_version (version bigint PRIMARY KEY);

-- The Kafka that the records are from.
CREATE TABLE origin (cluster text PRIMARY KEY);

CREATE TABLE progress (
    topic text NOT NULL,
    kafka_partition bigint NOT NULL,
    next_offset bigint NOT NULL,
    pass_number bigint NOT NULL,
    is_swept bigint NOT NULL,
    read_ms bigint NOT NULL,
    PRIMARY KEY (topic, kafka_partition)
);

CREATE TABLE kpi_records (
    key text PRIMARY KEY,
    kpi text NOT NULL,
    scope text NOT NULL,
    dimension text NOT NULL,
    dimension_value text NOT NULL,
    time_window text NOT NULL,
    start_ms bigint NOT NULL,
    end_ms bigint NOT NULL,
    start_day text NOT NULL,
    value text,
    target text,
    unit text NOT NULL,
    final bigint NOT NULL,
    revision bigint NOT NULL,
    as_of_ms bigint NOT NULL,
    updated_ms bigint NOT NULL,
    day text NOT NULL,
    labels text,
    record text NOT NULL,
    kafka_partition bigint NOT NULL,
    kafka_offset bigint NOT NULL,
    pass_number bigint NOT NULL
);
CREATE INDEX kpi_records_by_scope ON kpi_records (kpi, time_window, scope, start_ms);
CREATE INDEX kpi_records_by_start ON kpi_records (start_ms);

-- What a key's record was at the end of each earlier day; its newest one is in kpi_records.
CREATE TABLE kpi_trail (
    key text NOT NULL,
    kpi text NOT NULL,
    scope text NOT NULL,
    dimension text NOT NULL,
    dimension_value text NOT NULL,
    time_window text NOT NULL,
    start_ms bigint NOT NULL,
    end_ms bigint NOT NULL,
    start_day text NOT NULL,
    value text,
    target text,
    unit text NOT NULL,
    final bigint NOT NULL,
    revision bigint NOT NULL,
    as_of_ms bigint NOT NULL,
    updated_ms bigint NOT NULL,
    day text NOT NULL,
    labels text,
    record text NOT NULL,
    kafka_partition bigint NOT NULL,
    kafka_offset bigint NOT NULL,
    pass_number bigint NOT NULL,
    PRIMARY KEY (key, day)
);
CREATE INDEX kpi_trail_by_scope ON kpi_trail (kpi, time_window, scope, start_ms);
CREATE INDEX kpi_trail_by_start ON kpi_trail (start_ms);

CREATE TABLE alerts (
    key text PRIMARY KEY,
    kind text NOT NULL,
    subject text NOT NULL,
    rep text,
    since_ms bigint NOT NULL,
    amount text,
    currency text,
    text text NOT NULL,
    updated_ms bigint NOT NULL,
    record text NOT NULL,
    kafka_partition bigint NOT NULL,
    kafka_offset bigint NOT NULL,
    pass_number bigint NOT NULL
);

-- Without the subject: no erasure of it reaches an alert that has ended.
CREATE TABLE ended_alerts (
    kafka_partition bigint NOT NULL,
    kafka_offset bigint NOT NULL,
    kind text NOT NULL,
    rep text,
    since_ms bigint NOT NULL,
    ended_ms bigint NOT NULL,
    PRIMARY KEY (kafka_partition, kafka_offset, since_ms)
);

CREATE TABLE catalogue (
    key text PRIMARY KEY,
    kind text,
    unit text,
    better text,
    question text,
    text text,
    record text NOT NULL,
    kafka_partition bigint NOT NULL,
    kafka_offset bigint NOT NULL,
    pass_number bigint NOT NULL
);

CREATE VIEW kpi_as_of AS
SELECT * FROM kpi_records UNION ALL SELECT * FROM kpi_trail;

-- One row for each window: what charts of trends draw.
CREATE VIEW kpi_trends AS
SELECT kpi, dimension, dimension_value, time_window, start_day::date AS start_day,
       to_timestamp(start_ms / 1000.0) AS starts, to_timestamp(end_ms / 1000.0) AS ends,
       value::numeric AS number, value, target::numeric AS target, unit, final = 1 AS final,
       revision
FROM kpi_records;

-- What a level was from each day with a step on, until the next of them.
CREATE VIEW kpi_levels AS
SELECT kpi, dimension, dimension_value, start_day::date AS first_day,
       lead(start_day) OVER (PARTITION BY kpi, scope ORDER BY start_ms)::date AS next_day,
       value::numeric AS number, value, unit
FROM kpi_records
WHERE time_window = 'day'
  AND kpi IN (SELECT key FROM catalogue WHERE kind IN ('level', 'level_ratio'));

-- The record of each key as it stood at an instant.
CREATE FUNCTION records_as_of(at timestamptz) RETURNS SETOF kpi_as_of
LANGUAGE sql STABLE SET search_path = sales_kpis, pg_temp AS $$
    SELECT DISTINCT ON (key) * FROM kpi_as_of
    WHERE start_ms <= extract(epoch FROM at) * 1000 AND as_of_ms <= extract(epoch FROM at) * 1000
    ORDER BY key, as_of_ms DESC
$$;
