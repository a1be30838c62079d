-- Who changes an older version of a rate is told so, as of everything else that the admin changes.
ALTER TABLE tax_rates ADD COLUMN version int NOT NULL DEFAULT 1;
CREATE TRIGGER tax_rates_version BEFORE UPDATE ON tax_rates FOR EACH ROW EXECUTE FUNCTION bump_version();
