-- 0008: watches. Is the site of a case still there? One row a case says what is known now; observations say what it was at which time.

CREATE TABLE watches (
	case_id    BIGINT PRIMARY KEY REFERENCES cases (id),
	state      @TEXT@ NOT NULL,                 -- states.def, LIVENESS
	since_ms   BIGINT NOT NULL,                 -- of the state
	begun_ms   BIGINT NOT NULL,
	last_ms    BIGINT,                          -- last check that was one
	live_ms    BIGINT,                          -- last time that somebody saw the site
	due_ms     BIGINT,                          -- next check; NULL: none
	stopped    @TEXT@,                          -- why there is none: hand | over | case (it is no case of ours any more)
	owner      @TEXT@,
	lease_ms   BIGINT NOT NULL DEFAULT 0,
	checks     BIGINT NOT NULL DEFAULT 0,
	agree      BIGINT NOT NULL DEFAULT 0,       -- checks in a row that say otherwise than the state
	agree_ms   BIGINT NOT NULL DEFAULT 0,       -- the first of them
	points     BIGINT NOT NULL DEFAULT 0,       -- what they count (monitor/life)
	doubt      @TEXT@ NOT NULL DEFAULT '',      -- what they say, a row of monitor/visits.def
	gap_ms     BIGINT NOT NULL DEFAULT 0,       -- longest absence that was none
	gap_at_ms  BIGINT NOT NULL DEFAULT 0,
	nameless_ms BIGINT NOT NULL DEFAULT 0,      -- last time that the name itself went: whoever has it since may be somebody else
	baseline   @TEXT@ NOT NULL DEFAULT '[]',    -- JSON of monitor/print: what its page looks like
	visits     @TEXT@ NOT NULL DEFAULT '[]',    -- JSON of monitor/check: what each visitor saw last
	signals    @TEXT@ NOT NULL DEFAULT '{}',    -- JSON: class, DNS, registry, certificate of the last check
	listings   @TEXT@ NOT NULL DEFAULT '{}',    -- JSON: {"vendor": {"state": "...", "at_ms": ...}}
	noted_ms   BIGINT NOT NULL DEFAULT 0,       -- of the last observation
	asked_ms   BIGINT NOT NULL DEFAULT 0        -- when enrichment was last asked to look at the registry
);
CREATE INDEX watches_due ON watches (due_ms, case_id) WHERE due_ms IS NOT NULL;
CREATE TABLE observations (                     -- when a signal changed, and once an hour
	id         @ID@,
	case_id    BIGINT NOT NULL REFERENCES cases (id),
	at_ms      BIGINT NOT NULL,
	state      @TEXT@ NOT NULL,                 -- of the watch after it
	saw        @TEXT@ NOT NULL,                 -- monitor/visits.def
	data       @TEXT@ NOT NULL DEFAULT '{}',    -- JSON: signals and visits when they changed; {} in an hourly one that says: as before
	same       BIGINT NOT NULL DEFAULT 0        -- 1: nothing had changed; forgotten after a week
);
CREATE INDEX observations_case ON observations (case_id, id);
CREATE INDEX observations_same ON observations (at_ms) WHERE same = 1;
