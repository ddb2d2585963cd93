-- schema: partitioned.sql
-- then: ALTER INDEX events_new_id_idx RENAME TO events_new_number_idx; ALTER INDEX events_old_id_idx RENAME TO events_old_number_idx; ALTER INDEX events_new_a_id_idx RENAME TO events_new_a_number_idx; ALTER INDEX events_new_rest_id_idx RENAME TO events_new_rest_number_idx
ALTER TABLE events RENAME id TO number;
