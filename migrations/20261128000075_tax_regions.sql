-- A region is the same one whatever its capitals: so read those who look for a rate, and a new rate for 'Bayern' ends that of
-- 'bayern'.

-- Of two that began on the same day the one that was written last is meant.
DELETE FROM tax_rates t USING tax_rates newer
WHERE newer.country = t.country AND lower(newer.region) = lower(t.region)
  AND lower(newer.valid) IS NOT DISTINCT FROM lower(t.valid) AND (newer.created_at, newer.id) > (t.created_at, t.id);

-- Each ends at the latest where the next one begins.
UPDATE tax_rates t SET valid = daterange(lower(t.valid), n.next)
FROM (SELECT id, lead(lower(valid)) OVER (PARTITION BY country, lower(region) ORDER BY lower(valid) NULLS FIRST) AS next
      FROM tax_rates) n
WHERE n.id = t.id AND n.next IS NOT NULL AND (upper_inf(t.valid) OR upper(t.valid) > n.next);

ALTER TABLE tax_rates DROP CONSTRAINT tax_rates_one_at_a_time;
ALTER TABLE tax_rates
    ADD CONSTRAINT tax_rates_one_at_a_time EXCLUDE USING gist (country WITH =, lower(region) WITH =, valid WITH &&);
