ALTER TABLE public.books RENAME "Größe" TO "Höhe";
