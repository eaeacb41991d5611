-- Lists: fields of docs/query.md that found their rows by no index, so that a condition which few or no cases fulfil read all cases. Each holds only
-- the cases that have something out of the ordinary, but for cases_detected.
-- store/list* depends on these, and on the indexes of 0001 that are named cases_sort_*, cases_state_*, cases_open_*, cases_host, cases_domain,
-- cases_campaign, cases_deleted, attachments_case, comments_case and labels_case: SQLite reads by the names in store/list_fields.c.
CREATE INDEX cases_detected ON cases (detected_ms, id);
CREATE INDEX cases_down ON cases (down_ms, id) WHERE down_ms IS NOT NULL;
CREATE INDEX cases_service ON cases (service, id) WHERE service IS NOT NULL;
CREATE INDEX cases_urls ON cases (urls, id) WHERE urls <> 1;
CREATE INDEX cases_capture ON cases (id) WHERE capture IS NOT NULL;
CREATE INDEX cases_late ON cases (id) WHERE breached = 1;
