-- stays: ALTER TABLE books ALTER isbn TYPE character varying(40)
ALTER TABLE books ALTER isbn TYPE character varying(40);
