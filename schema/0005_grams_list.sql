-- The pending list of the search index: its limit is set by each connection (256 kB), so that a transaction that indexes many cases can sort them into
-- the index together (store/search).
-- @pgsql
ALTER INDEX case_grams_grams RESET (gin_pending_list_limit);
-- @both
