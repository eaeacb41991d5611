-- Jobs that failed and are not done: those that wait after an error, and dead letters. There are few of them, among however many that wait for their turn.
CREATE INDEX jobs_error ON jobs (stage, state, id) WHERE error IS NOT NULL AND state <> 'done';
