-- The cases of one state by the time they are due: closed ones have none, and to find that out by the index of the time alone, all others were read.
CREATE INDEX cases_state_due ON cases (state, due_ms, id);
