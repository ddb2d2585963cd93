-- catalog: database
ALTER TABLE books RENAME "Größe" TO size;
ALTER TABLE books RENAME note TO remark;
