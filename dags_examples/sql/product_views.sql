-- The views of one interval, oldest first: from its start on, and before its end, which belongs to the next one.
-- SQLite keeps times as text, and datetime() writes the bounds as the table does. Other databases do without it.
SELECT customer_id, viewed_at, product, category, price, seconds_on_page
FROM product_views
WHERE viewed_at >= datetime(:interval_start)
  AND viewed_at < datetime(:interval_end)
ORDER BY viewed_at, id
