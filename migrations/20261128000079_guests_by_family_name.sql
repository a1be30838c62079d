-- People say the last of several family names, and a telephone number without what comes before it: `John | Peter Smith` is
-- found by `Smith`, and `+49 30 901820` by `030 901820`.
ALTER TABLE guests
    ADD COLUMN last_word_key text COLLATE "C" GENERATED ALWAYS AS (
        CASE WHEN position(' ' IN last_name) > 0 THEN lower(substring(last_name FROM '[^ ]+$') COLLATE "und-x-icu") END) STORED,
    ADD COLUMN phone_reversed text COLLATE "C" NOT NULL GENERATED ALWAYS AS (reverse(phone_digits)) STORED;
CREATE INDEX guests_by_last_word ON guests (organisation_id, last_word_key) WHERE last_word_key IS NOT NULL;
CREATE INDEX guests_by_phone_end ON guests (organisation_id, phone_reversed);
