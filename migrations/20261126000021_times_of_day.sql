-- When a guest is expected to come and to leave, where somebody said so. The dates alone decide what a stay holds.
ALTER TABLE stays ADD COLUMN arrival_time time, ADD COLUMN departure_time time;
