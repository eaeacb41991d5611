-- How it was proven that the house of a letter's From sent it (docs/replies.md: authserv-id): dmarc | dkim | spf | none; NULL: nobody was asked.
ALTER TABLE letters ADD COLUMN proof @TEXT@;
