-- The views of one interval, oldest first: from its start to just before its end, where the next interval starts.
-- SQLite stores times as text, and datetime() writes the bounds as the table does. Other databases do not need it.
SELECT customer_id, viewed_at, product, category, price, seconds_on_page
FROM product_views
WHERE viewed_at >= datetime(:interval_start)
  AND viewed_at < datetime(:interval_end)
ORDER BY viewed_at, id
