-- The messages of one interval. The names of the columns say what each of them is in a message.
SELECT
    kind AS type,
    id AS message_id,
    person_id AS user_id,
    CASE kind WHEN 'track' THEN name END AS event,
    CASE kind WHEN 'page' THEN name END AS name,
    happened_at AS timestamp,
    json_extract(properties, '$.path') AS path,
    json_extract(properties, '$.product') AS product
FROM web_events
WHERE happened_at >= datetime(:interval_start)
  AND happened_at < datetime(:interval_end)
ORDER BY happened_at, id
