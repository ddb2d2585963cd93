-- schema: composites.sql
ALTER TABLE parcels RENAME extent TO size;
ALTER TABLE parcels RENAME label TO sticker;
