-- Evidence, facts and looks. What a site showed, what is known about where it lies, and names that are looked at before they are a case.

-- One run secures one URL of a case: every variant of a plan (profile, referrer, exit, visit), compared. Blobs lie in the blob store.
CREATE TABLE runs (
	id         @ID@,
	case_id    BIGINT NOT NULL REFERENCES cases (id),
	url        @TEXT@ NOT NULL,                 -- as asked for, canonical
	plan       @TEXT@ NOT NULL,                 -- quick | standard | full
	asked      @TEXT@ NOT NULL,                 -- login of who asked for it, or "auto"
	state      @TEXT@ NOT NULL,                 -- states.def: waiting | done | failed
	why        @TEXT@,                          -- failed: why
	verdict    @TEXT@ NOT NULL DEFAULT '',      -- evidence/cloak.h: unknown | same | cloaked | dead; '' not done
	dimensions @TEXT@ NOT NULL DEFAULT '[]',    -- JSON: what the site tells visitors apart by: device, referrer, exit, visit, interaction
	diff       @TEXT@ NOT NULL DEFAULT '{}',    -- JSON of evidence/cloak.h: what differs, for people
	manifest   @BLOB@,                          -- SHA-256 of the manifest
	stamp      @BLOB@,                          -- RFC 3161 token over it; NULL: none yet
	stamp_why  @TEXT@,                          -- why there is none
	asked_ms   BIGINT NOT NULL,
	done_ms    BIGINT
);
CREATE INDEX runs_case ON runs (case_id, id);
CREATE INDEX runs_stamp ON runs (id) WHERE manifest IS NOT NULL AND stamp IS NULL;
CREATE TABLE captures (                         -- one variant
	id         @ID@,
	run_id     BIGINT NOT NULL REFERENCES runs (id),
	position   BIGINT NOT NULL,                 -- in the plan, from 0
	profile    @TEXT@ NOT NULL,                 -- name of a profile: iphone, android, desktop
	referrer   @TEXT@ NOT NULL,                 -- none | sms | search | short
	exit       @TEXT@ NOT NULL,                 -- name of an exit of egress
	visit      BIGINT NOT NULL,                 -- 1: first, 2: second
	step       @TEXT@ NOT NULL,                 -- page | click
	how        @TEXT@ NOT NULL,                 -- whole | cut | failed
	why        @TEXT@,                          -- cut, failed: why
	status     BIGINT,                          -- HTTP status of the document
	url        @TEXT@ NOT NULL,                 -- where it ended
	title      @TEXT@ NOT NULL DEFAULT '',
	address    @TEXT@,                          -- of the server that answered
	certificate @BLOB@,                         -- SHA-256 of the leaf
	data       @TEXT@ NOT NULL DEFAULT '{}',    -- JSON: redirects, forms, requests, console, features (docs/capture.md)
	at_ms      BIGINT NOT NULL,
	took_ms    BIGINT NOT NULL,
	UNIQUE (run_id, position)
);
CREATE TABLE artefacts (
	capture_id BIGINT NOT NULL REFERENCES captures (id),
	position   BIGINT NOT NULL,
	kind       @TEXT@ NOT NULL,                 -- viewport | full | dom | html | text | warc | har | favicon | chain
	name       @TEXT@ NOT NULL,                 -- of the file in an export
	type       @TEXT@ NOT NULL,                 -- media type
	bytes      BIGINT NOT NULL,
	sha256     @BLOB@ NOT NULL,
	PRIMARY KEY (capture_id, position)
);
CREATE INDEX artefacts_sha256 ON artefacts (sha256);

-- What enrichment found about a case. A value that a later look does not find any more stays, with gone_ms.
CREATE TABLE facts (
	id         @ID@,
	case_id    BIGINT NOT NULL REFERENCES cases (id),
	hash       @BLOB@ NOT NULL,                 -- SHA-256 of subject, kind, value
	subject    @TEXT@ NOT NULL,                 -- name or address that it is about
	kind       @TEXT@ NOT NULL,                 -- flow/factkinds.def
	value      @TEXT@ NOT NULL,
	source     @TEXT@ NOT NULL,                 -- dns, tls, libloc, rdap:URL, whois:SERVER ...
	raw        @BLOB@,                          -- SHA-256 of the answer in the blob store
	first_ms   BIGINT NOT NULL,
	last_ms    BIGINT NOT NULL,
	gone_ms    BIGINT,
	UNIQUE (case_id, hash)
);
CREATE TABLE case_contacts (                    -- whom one could tell, by enrichment; deleted when enriched anew
	case_id    BIGINT NOT NULL REFERENCES cases (id),
	kind       @TEXT@ NOT NULL,                 -- as contacts.kind
	subject    @TEXT@ NOT NULL,                 -- what it is responsible for: a name, an address, AS number
	name       @TEXT@ NOT NULL DEFAULT '',
	address    @TEXT@ NOT NULL,                 -- mail address, or URL of a form
	source     @TEXT@ NOT NULL,
	confidence DOUBLE PRECISION NOT NULL,       -- 0..1
	at_ms      BIGINT NOT NULL,
	PRIMARY KEY (case_id, kind, address)
);

-- Names that score above a low threshold: looked at lightly until they are a case, or nothing.
CREATE TABLE looks (
	id         @ID@,
	host       @TEXT@ NOT NULL UNIQUE,
	source_id  BIGINT NOT NULL REFERENCES sources (id),
	score      DOUBLE PRECISION NOT NULL,       -- of the name
	target_id  BIGINT REFERENCES targets (id),  -- that the name speaks of
	data       @TEXT@ NOT NULL DEFAULT '{}',    -- JSON: where it was seen (log, entry, certificate)
	seen_ms    BIGINT NOT NULL,
	tries      BIGINT NOT NULL DEFAULT 0,
	due_ms     BIGINT,                          -- next look; NULL: none
	owner      @TEXT@,
	lease_ms   BIGINT NOT NULL DEFAULT 0,
	outcome    @TEXT@,                          -- of the last look: dead | empty | plain | suspect | case
	page_score DOUBLE PRECISION,
	reasons    @TEXT@ NOT NULL DEFAULT '[]',    -- JSON
	case_id    BIGINT,
	last_ms    BIGINT
);
CREATE INDEX looks_due ON looks (due_ms, id) WHERE due_ms IS NOT NULL;
CREATE INDEX looks_last ON looks (last_ms, id) WHERE due_ms IS NULL;
CREATE INDEX looks_seen ON looks (seen_ms);
