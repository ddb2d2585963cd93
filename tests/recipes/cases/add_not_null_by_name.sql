-- options: --postgres 18
ALTER TABLE loans ADD CONSTRAINT days_are_known NOT NULL isbn;
