-- 0009: the bell. What a criminals' command channel said (source/c2), the waves of messages that it ordered, and where their short links lead.
-- Telephone numbers stand here as keyed hashes and region prefixes only; what came in in clear is in c2_sealed, encrypted, and is deleted in time.

CREATE TABLE c2_drops (                         -- stage A: where a family's servers are named
	id         @ID@,
	family     @TEXT@ NOT NULL,
	url        @TEXT@ NOT NULL,
	state      @TEXT@ NOT NULL,                 -- states.def, DROP
	since_ms   BIGINT NOT NULL,                 -- of the state
	last_ms    BIGINT NOT NULL,                 -- last answer, or try
	status     BIGINT NOT NULL DEFAULT 0,       -- HTTP; 0: no answer
	etag       @TEXT@,
	modified   @TEXT@,
	checks     BIGINT NOT NULL DEFAULT 0,
	why        @TEXT@,
	UNIQUE (family, url)
);
CREATE TABLE c2_named (                         -- which A named which B, from when to when
	id         @ID@,
	drop_id    BIGINT NOT NULL REFERENCES c2_drops (id),
	address    @TEXT@ NOT NULL,                 -- "192.0.2.1:7775", as it was decoded
	body       @TEXT@ NOT NULL,                 -- what it was decoded from, at most 4096 bytes
	first_ms   BIGINT NOT NULL,
	last_ms    BIGINT NOT NULL
);
CREATE INDEX c2_named_drop ON c2_named (drop_id, id);
CREATE TABLE c2_sessions (                      -- stage B: one row a family, host and port: what is known now
	id         @ID@,
	family     @TEXT@ NOT NULL,
	host       @TEXT@ NOT NULL,
	port       BIGINT NOT NULL,
	state      @TEXT@ NOT NULL,                 -- states.def, SESSION
	since_ms   BIGINT NOT NULL,
	opened_ms  BIGINT,                          -- of the connection that is, or was the last
	beat_ms    BIGINT,                          -- the last answer to a beat
	command_ms BIGINT,                          -- the last command
	opened     BIGINT NOT NULL DEFAULT 0,       -- connections
	failed     BIGINT NOT NULL DEFAULT 0,       -- tries that were none, in a row
	commands   BIGINT NOT NULL DEFAULT 0,
	alarmed    BIGINT NOT NULL DEFAULT 0,       -- 1: an alarm of it stands; 2: one would, but the like was told just before
	alarmed_ms BIGINT,                          -- when the alarm was told that covers it
	back_ms    BIGINT,                          -- so, too, for the word that it is heard again
	print      @TEXT@,                          -- JSON: what the host looks like: its AS, country, banner
	why        @TEXT@,
	UNIQUE (family, host, port)
);
CREATE TABLE c2_transcripts (                   -- a closed piece of a session's record: JSON lines in the blob store
	id         @ID@,
	session_id BIGINT NOT NULL REFERENCES c2_sessions (id),
	begun_ms   BIGINT NOT NULL,
	ended_ms   BIGINT NOT NULL,
	frames     BIGINT NOT NULL,
	commands   BIGINT NOT NULL,
	bytes      BIGINT NOT NULL,
	sha256     @BLOB@ NOT NULL,                 -- of the lines; its first line names the piece before
	stamp      @BLOB@,                          -- RFC 3161 token
	stamp_why  @TEXT@,
	UNIQUE (session_id, sha256)
);
CREATE TABLE c2_sealed (                        -- what was received in clear, sealed; rows are deleted when their time is over
	id         @ID@,
	transcript_id BIGINT NOT NULL REFERENCES c2_transcripts (id),
	sealed     @BLOB@ NOT NULL,
	until_ms   BIGINT NOT NULL
);
CREATE INDEX c2_sealed_until ON c2_sealed (until_ms);
CREATE INDEX c2_sealed_transcript ON c2_sealed (transcript_id);
CREATE TABLE waves (                            -- commands to send the same text, on any port, not five minutes apart
	id         @ID@,
	family     @TEXT@ NOT NULL,
	key        @BLOB@ NOT NULL,                 -- SHA-256 of the normalised text
	text       @TEXT@ NOT NULL,                 -- as sent, the first one; telephone numbers and mail addresses masked
	brands     @TEXT@ NOT NULL DEFAULT '[]',    -- JSON: what stood in brackets
	target_id  BIGINT REFERENCES targets (id),
	case_id    BIGINT REFERENCES cases (id),    -- NULL: it names no URL (yet), or one of ours
	first_ms   BIGINT NOT NULL,
	last_ms    BIGINT NOT NULL,
	commands   BIGINT NOT NULL DEFAULT 0,
	numbers    BIGINT NOT NULL DEFAULT 0,       -- different ones
	repeated   BIGINT NOT NULL DEFAULT 0,       -- that more than one command named
	landing    @TEXT@,                          -- where its links lead, as far as is known
	card_ms    BIGINT NOT NULL DEFAULT 0        -- its card is made then, and shows the landing that is known by then
);
CREATE INDEX waves_key ON waves (family, key, last_ms);
CREATE INDEX waves_case ON waves (case_id) WHERE case_id IS NOT NULL;
CREATE INDEX waves_last ON waves (last_ms, id);
CREATE TABLE c2_commands (                      -- one text frame that is more than an answer to a beat
	id         @ID@,
	session_id BIGINT NOT NULL REFERENCES c2_sessions (id),
	wave_id    BIGINT REFERENCES waves (id),
	at_ms      BIGINT NOT NULL,
	verb       @TEXT@ NOT NULL,                 -- of the family's table; "" unknown
	word       @TEXT@ NOT NULL,                 -- as written
	text       @TEXT@ NOT NULL DEFAULT '',      -- masked
	numbers    BIGINT NOT NULL DEFAULT 0,
	masked     BIGINT NOT NULL DEFAULT 0,       -- that the channel itself does not show whole
	odd        BIGINT NOT NULL DEFAULT 0,       -- that are no mobile numbers
	doubles    BIGINT NOT NULL DEFAULT 0,
	frame      @BLOB@ NOT NULL UNIQUE           -- keyed hash of session, time and frame: taken once
);
CREATE INDEX c2_commands_session ON c2_commands (session_id, id);
CREATE INDEX c2_commands_wave ON c2_commands (wave_id, id) WHERE wave_id IS NOT NULL;
CREATE INDEX c2_commands_at ON c2_commands (at_ms);
CREATE TABLE wave_numbers (                     -- to whom: never in clear
	wave_id    BIGINT NOT NULL REFERENCES waves (id),
	hash       @BLOB@ NOT NULL,                 -- HMAC-SHA-256 under a key of the house
	region     @TEXT@ NOT NULL,                 -- first seven digits
	times      BIGINT NOT NULL DEFAULT 1,
	PRIMARY KEY (wave_id, hash)
);
CREATE INDEX wave_numbers_hash ON wave_numbers (hash);
CREATE TABLE c2_links (                         -- what waves lead to; due_ms: looked at (again) then
	id         @ID@,
	url        @TEXT@ NOT NULL UNIQUE,          -- canonical
	short      BIGINT NOT NULL,                 -- 1: of a link shortener, followed to where it leads
	landing    @TEXT@,                          -- the first URL that is no short link; NULL: not known
	state      @TEXT@ NOT NULL,                 -- states.def, LINK
	hops       @TEXT@ NOT NULL DEFAULT '[]',    -- JSON: {"url","status","at"} of the last time
	first_ms   BIGINT NOT NULL,
	named_ms   BIGINT NOT NULL,                 -- a wave last named it: what its turns are counted from
	last_ms    BIGINT,                          -- it was last followed
	changed_ms BIGINT,
	checks     BIGINT NOT NULL DEFAULT 0,
	due_ms     BIGINT,                          -- NULL: no more
	why        @TEXT@
);
CREATE INDEX c2_links_due ON c2_links (due_ms, id) WHERE due_ms IS NOT NULL;
CREATE TABLE c2_landings (                      -- where a link led, from when to when
	id         @ID@,
	link_id    BIGINT NOT NULL REFERENCES c2_links (id),
	landing    @TEXT@ NOT NULL,
	hops       @TEXT@ NOT NULL,
	first_ms   BIGINT NOT NULL,
	last_ms    BIGINT NOT NULL
);
CREATE INDEX c2_landings_link ON c2_landings (link_id, id);
CREATE TABLE wave_links (
	wave_id    BIGINT NOT NULL REFERENCES waves (id),
	link_id    BIGINT NOT NULL REFERENCES c2_links (id),
	times      BIGINT NOT NULL DEFAULT 1,
	PRIMARY KEY (wave_id, link_id)
);
CREATE INDEX wave_links_link ON wave_links (link_id, wave_id);
