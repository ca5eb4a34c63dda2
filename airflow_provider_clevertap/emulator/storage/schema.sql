-- The tables of an emulator. Text that holds JSON is marked; times are UNIX seconds.

CREATE TABLE IF NOT EXISTS profiles (
    id         INTEGER PRIMARY KEY,
    email      TEXT,
    data       TEXT NOT NULL,            -- JSON object: the properties
    created_at REAL NOT NULL,
    updated_at REAL NOT NULL,
    uploads    INTEGER NOT NULL,         -- profile records received for it; 0: created by an event
    changed    INTEGER NOT NULL          -- number of its last change, for "latest first"
);
CREATE INDEX IF NOT EXISTS profiles_email ON profiles (email);
CREATE INDEX IF NOT EXISTS profiles_changed ON profiles (changed);
CREATE INDEX IF NOT EXISTS profiles_export ON profiles (id % 23);

CREATE TABLE IF NOT EXISTS profile_keys (
    kind       TEXT NOT NULL,            -- identity, objectId, FBID or GPID
    value      TEXT NOT NULL,
    profile_id INTEGER NOT NULL,
    PRIMARY KEY (value, kind)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS profile_keys_profile ON profile_keys (profile_id);

CREATE TABLE IF NOT EXISTS event_types (
    id       INTEGER PRIMARY KEY,
    compared TEXT NOT NULL UNIQUE,       -- in lower case, without spaces
    name     TEXT NOT NULL               -- as first received
);

-- One row for every event received: nothing is deduplicated.
CREATE TABLE IF NOT EXISTS events (
    id          INTEGER PRIMARY KEY,
    request_id  INTEGER NOT NULL,
    received_at REAL NOT NULL,
    ts          INTEGER NOT NULL,
    profile_id  INTEGER NOT NULL,
    key_kind    TEXT NOT NULL,
    key         TEXT NOT NULL,
    type_id     INTEGER NOT NULL,
    name        TEXT NOT NULL,           -- as sent
    data        TEXT NOT NULL            -- JSON object
);
CREATE INDEX IF NOT EXISTS events_profile ON events (profile_id);
CREATE INDEX IF NOT EXISTS events_export ON events (type_id, profile_id % 23, ts);

CREATE TABLE IF NOT EXISTS tokens (
    object_id   TEXT PRIMARY KEY,
    token_type  TEXT NOT NULL,
    token       TEXT NOT NULL,
    keys        TEXT,                    -- JSON object, chrome tokens only
    received_at REAL NOT NULL,
    uploads     INTEGER NOT NULL
);

-- One status for each address of a channel, whatever profiles share it.
CREATE TABLE IF NOT EXISTS subscriptions (
    type        TEXT NOT NULL,           -- email, phone or whatsapp
    value       TEXT NOT NULL,           -- as sent
    status      TEXT NOT NULL,           -- Unsubscribe or Resubscribe
    received_at REAL NOT NULL,
    uploads     INTEGER NOT NULL,        -- records received for it
    PRIMARY KEY (value, type)
);

-- Rejected records. The name is also that of their list in the admin endpoints.
CREATE TABLE IF NOT EXISTS refused (
    id            INTEGER PRIMARY KEY,
    request_id    INTEGER NOT NULL,
    received_at   REAL NOT NULL,
    record_number INTEGER NOT NULL,
    kind          TEXT NOT NULL,
    key           TEXT NOT NULL,
    code          INTEGER NOT NULL,
    error         TEXT NOT NULL,
    record        TEXT NOT NULL          -- JSON
);

CREATE TABLE IF NOT EXISTS error_stream (
    id            INTEGER PRIMARY KEY,
    request_id    INTEGER NOT NULL,
    received_at   REAL NOT NULL,
    record_number INTEGER NOT NULL,
    kind          TEXT NOT NULL,
    key           TEXT NOT NULL,
    field         TEXT NOT NULL,
    note          TEXT NOT NULL
);

-- Profiles to delete and to demerge, which is done when the night is run.
CREATE TABLE IF NOT EXISTS night_queue (
    id        INTEGER PRIMARY KEY,
    operation TEXT NOT NULL,             -- delete or demerge
    kind      TEXT NOT NULL,             -- identity or objectId
    value     TEXT NOT NULL
);

CREATE TABLE IF NOT EXISTS campaigns (
    id           INTEGER PRIMARY KEY,
    name         TEXT NOT NULL,
    scheduled_on TEXT NOT NULL,          -- such as 202611010930, in the project's time zone
    created_at   REAL NOT NULL,
    is_stopped   INTEGER NOT NULL,
    reached      INTEGER NOT NULL,       -- people, as estimated
    data         TEXT NOT NULL           -- JSON object, as sent
);

-- What the report on messages lists; added by hand.
CREATE TABLE IF NOT EXISTS messages (
    id   INTEGER PRIMARY KEY,
    day  INTEGER NOT NULL,               -- of its start, such as 20261101
    data TEXT NOT NULL                   -- JSON object, as in the report
);

CREATE TABLE IF NOT EXISTS requests (
    id          INTEGER PRIMARY KEY,
    received_at REAL NOT NULL,
    method      TEXT NOT NULL,
    path        TEXT NOT NULL,
    status      INTEGER,                 -- NULL: no answer was sent
    result      TEXT NOT NULL,           -- success, partial, fail, or an error text
    fault       TEXT NOT NULL,           -- the name of the fault, if there was one
    dry_run     INTEGER NOT NULL,
    stored      INTEGER NOT NULL,        -- 1 when the accepted records were stored
    body_bytes  INTEGER NOT NULL,
    records     INTEGER NOT NULL,
    accepted    INTEGER NOT NULL,
    refused     INTEGER NOT NULL,
    in_flight   INTEGER NOT NULL,        -- including this one
    seconds     REAL NOT NULL
);

CREATE TABLE IF NOT EXISTS totals (
    kind     TEXT PRIMARY KEY,
    received INTEGER NOT NULL,
    accepted INTEGER NOT NULL,
    refused  INTEGER NOT NULL
);
