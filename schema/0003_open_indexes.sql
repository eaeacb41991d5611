-- The indexes of the unfinished cases, cheaper to keep. For a list of more than two values SQLite sets up a table of its own, in every
-- statement and for every index: seventeen of them were half of what a new case costs. Its planner takes an index for
-- a query when a term of the query is one side of the index's OR: so the list stays, word by word as store/list_sql asks for it,
-- behind comparisons that decide first. PostgreSQL has no such cost.
-- @sqlite
DROP INDEX cases_open_id;
CREATE INDEX cases_open_id ON cases (id) WHERE state = 'new' OR state = 'triaged' OR state = 'confirmed' OR state = 'reported' OR state = 'resurrected' OR state IN ('new', 'triaged', 'confirmed', 'reported', 'resurrected');
DROP INDEX cases_open_score;
CREATE INDEX cases_open_score ON cases (score, id) WHERE state = 'new' OR state = 'triaged' OR state = 'confirmed' OR state = 'reported' OR state = 'resurrected' OR state IN ('new', 'triaged', 'confirmed', 'reported', 'resurrected');
DROP INDEX cases_open_seen;
CREATE INDEX cases_open_seen ON cases (first_seen_ms, id) WHERE state = 'new' OR state = 'triaged' OR state = 'confirmed' OR state = 'reported' OR state = 'resurrected' OR state IN ('new', 'triaged', 'confirmed', 'reported', 'resurrected');
DROP INDEX cases_open_opened;
CREATE INDEX cases_open_opened ON cases (opened_ms, id) WHERE state = 'new' OR state = 'triaged' OR state = 'confirmed' OR state = 'reported' OR state = 'resurrected' OR state IN ('new', 'triaged', 'confirmed', 'reported', 'resurrected');
DROP INDEX cases_open_updated;
CREATE INDEX cases_open_updated ON cases (updated_ms, id) WHERE state = 'new' OR state = 'triaged' OR state = 'confirmed' OR state = 'reported' OR state = 'resurrected' OR state IN ('new', 'triaged', 'confirmed', 'reported', 'resurrected');
DROP INDEX cases_open_last;
CREATE INDEX cases_open_last ON cases (last_seen_ms, id) WHERE state = 'new' OR state = 'triaged' OR state = 'confirmed' OR state = 'reported' OR state = 'resurrected' OR state IN ('new', 'triaged', 'confirmed', 'reported', 'resurrected');
DROP INDEX cases_open_name;
CREATE INDEX cases_open_name ON cases (name, id) WHERE state = 'new' OR state = 'triaged' OR state = 'confirmed' OR state = 'reported' OR state = 'resurrected' OR state IN ('new', 'triaged', 'confirmed', 'reported', 'resurrected');
DROP INDEX cases_open_host;
CREATE INDEX cases_open_host ON cases (host, id) WHERE state = 'new' OR state = 'triaged' OR state = 'confirmed' OR state = 'reported' OR state = 'resurrected' OR state IN ('new', 'triaged', 'confirmed', 'reported', 'resurrected');
DROP INDEX cases_open_target;
CREATE INDEX cases_open_target ON cases (target_id, id) WHERE state = 'new' OR state = 'triaged' OR state = 'confirmed' OR state = 'reported' OR state = 'resurrected' OR state IN ('new', 'triaged', 'confirmed', 'reported', 'resurrected');
DROP INDEX cases_open_actor;
CREATE INDEX cases_open_actor ON cases (actor_id, id) WHERE state = 'new' OR state = 'triaged' OR state = 'confirmed' OR state = 'reported' OR state = 'resurrected' OR state IN ('new', 'triaged', 'confirmed', 'reported', 'resurrected');
DROP INDEX cases_open_by;
CREATE INDEX cases_open_by ON cases (reporter_id, id) WHERE state = 'new' OR state = 'triaged' OR state = 'confirmed' OR state = 'reported' OR state = 'resurrected' OR state IN ('new', 'triaged', 'confirmed', 'reported', 'resurrected');
DROP INDEX cases_open_assignee;
CREATE INDEX cases_open_assignee ON cases (assignee_id, id) WHERE state = 'new' OR state = 'triaged' OR state = 'confirmed' OR state = 'reported' OR state = 'resurrected' OR state IN ('new', 'triaged', 'confirmed', 'reported', 'resurrected');
DROP INDEX cases_open_source;
CREATE INDEX cases_open_source ON cases (source_id, id) WHERE state = 'new' OR state = 'triaged' OR state = 'confirmed' OR state = 'reported' OR state = 'resurrected' OR state IN ('new', 'triaged', 'confirmed', 'reported', 'resurrected');
DROP INDEX cases_open_kind;
CREATE INDEX cases_open_kind ON cases (kind, id) WHERE state = 'new' OR state = 'triaged' OR state = 'confirmed' OR state = 'reported' OR state = 'resurrected' OR state IN ('new', 'triaged', 'confirmed', 'reported', 'resurrected');
DROP INDEX cases_open_state;
CREATE INDEX cases_open_state ON cases (state, id) WHERE state = 'new' OR state = 'triaged' OR state = 'confirmed' OR state = 'reported' OR state = 'resurrected' OR state IN ('new', 'triaged', 'confirmed', 'reported', 'resurrected');
DROP INDEX cases_open_closed;
CREATE INDEX cases_open_closed ON cases (closed_ms, id) WHERE state = 'new' OR state = 'triaged' OR state = 'confirmed' OR state = 'reported' OR state = 'resurrected' OR state IN ('new', 'triaged', 'confirmed', 'reported', 'resurrected');
DROP INDEX cases_open_due;
CREATE INDEX cases_open_due ON cases (due_ms, id) WHERE state = 'new' OR state = 'triaged' OR state = 'confirmed' OR state = 'reported' OR state = 'resurrected' OR state IN ('new', 'triaged', 'confirmed', 'reported', 'resurrected');
-- @both
