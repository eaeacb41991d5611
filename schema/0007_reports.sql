-- 0007: reports. Who was told what about a site, who allowed it, what became of it. Bytes lie in the blob store under their SHA-256.

CREATE TABLE reports (                          -- one message to one recipient
	id         @ID@,
	case_id    BIGINT NOT NULL REFERENCES cases (id), -- the lead; all cases that it speaks of: report_sites
	channel    @TEXT@ NOT NULL,                 -- mail, or the name of a channel's file
	kind       @TEXT@ NOT NULL,                 -- registrar | registry | hosting | as | dns | cdn | suffix | shortener | mail | vendor | body | bank
	recipient  @TEXT@ NOT NULL,                 -- mail address (lower case), or the channel's name
	name       @TEXT@ NOT NULL DEFAULT '',      -- of the party
	subject    @TEXT@ NOT NULL DEFAULT '',      -- what it is responsible for: a name, an address, "AS64500"
	lang       @TEXT@ NOT NULL,                 -- en | ja | zh
	step       @TEXT@ NOT NULL,                 -- first | followup | escalation | notice
	round      BIGINT NOT NULL,                 -- 1; after the site came back 2 ...
	parent_id  BIGINT REFERENCES reports (id),  -- that it follows up or escalates
	state      @TEXT@ NOT NULL,                 -- states.def: drafted ... expired
	title      @TEXT@ NOT NULL,                 -- one line for people: the Subject, or method and URL
	request    @TEXT@ NOT NULL,                 -- JSON: mail: from, to, message_id; HTTP: method, url, headers (no secrets)
	content    @BLOB@,                          -- SHA-256 of the body's bytes
	type       @TEXT@ NOT NULL,                 -- media type of the body
	bytes      BIGINT NOT NULL,
	digest     @BLOB@ NOT NULL,                 -- SHA-256 of request, LF, content: what is approved, and what is sent
	token      @TEXT@ NOT NULL UNIQUE,          -- 32 hexadecimal digits: Message-ID, plus-address, idempotency token
	proposer_id BIGINT REFERENCES users (id),   -- NULL: auto
	approver_id BIGINT REFERENCES users (id),   -- NULL: not yet, or by policy
	policy     @TEXT@,                          -- name of the policy that allowed it
	sample     BIGINT NOT NULL DEFAULT 0,       -- allowed by policy and drawn for review: 1 waits, 2 reviewed good, 3 reviewed bad
	stops      BIGINT NOT NULL DEFAULT 0,       -- what holds it up: bits by the rows of flow/stops.def (which are only appended to)
	drafted_ms BIGINT NOT NULL,
	approved_ms BIGINT,
	send_ms    BIGINT,                          -- not before: end of the undo window
	sent_ms    BIGINT,
	acknowledged_ms BIGINT,
	ended_ms   BIGINT,
	due_ms     BIGINT,                          -- when silence is answered by the next step; NULL: never
	remote_id  @TEXT@,                          -- their number for it
	remote_state @TEXT@,                        -- as they call it
	facts      @TEXT@ NOT NULL DEFAULT '{}',    -- JSON: what they said besides
	polls      BIGINT NOT NULL DEFAULT 0,
	tries      BIGINT NOT NULL DEFAULT 0,
	why        @TEXT@,                          -- of the last trouble
	version    BIGINT NOT NULL DEFAULT 1
);
CREATE UNIQUE INDEX reports_once ON reports (case_id, channel, recipient, step, round) WHERE state <> 'dropped' AND step <> 'followup';
CREATE INDEX reports_case ON reports (case_id, id);
CREATE INDEX reports_state ON reports (state, id);
CREATE INDEX reports_due ON reports (due_ms, id) WHERE due_ms IS NOT NULL;
CREATE INDEX reports_sent ON reports (recipient, sent_ms) WHERE sent_ms IS NOT NULL;
CREATE INDEX reports_sent_at ON reports (sent_ms) WHERE sent_ms IS NOT NULL;
CREATE INDEX reports_remote ON reports (channel, remote_id) WHERE remote_id IS NOT NULL;
CREATE INDEX reports_parent ON reports (parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX reports_recipient ON reports (recipient, id);
CREATE INDEX reports_channel ON reports (channel, state, sent_ms);
CREATE INDEX reports_held ON reports (id) WHERE stops <> 0;
CREATE INDEX reports_sample ON reports (id) WHERE sample = 1;
CREATE TABLE report_sites (                     -- what it speaks of
	report_id  BIGINT NOT NULL REFERENCES reports (id),
	position   BIGINT NOT NULL,                 -- from 0, the lead
	case_id    BIGINT NOT NULL REFERENCES cases (id),
	url        @TEXT@ NOT NULL,
	PRIMARY KEY (report_id, position)
);
CREATE INDEX report_sites_case ON report_sites (case_id, report_id);
CREATE TABLE receipts (                         -- one try to send, poll or find: written before it begins, and when it ends
	id         @ID@,
	report_id  BIGINT NOT NULL REFERENCES reports (id),
	act        @TEXT@ NOT NULL,                 -- submit | poll | find
	phase      @TEXT@ NOT NULL,                 -- begun | committed (the last byte may have left) | ended
	how        @TEXT@,                          -- ended: report/channel.h's hk_told_how
	status     BIGINT,                          -- HTTP or SMTP status
	request    @BLOB@,                          -- SHA-256 of what was sent (digest)
	answer     @BLOB@,                          -- SHA-256 of the answer in the blob store
	why        @TEXT@,
	begun_ms   BIGINT NOT NULL,
	ended_ms   BIGINT
);
CREATE INDEX receipts_report ON receipts (report_id, id);
CREATE TABLE letters (                          -- mail that came in, and to which report it belongs
	id         @ID@,
	mailbox    @TEXT@ NOT NULL,
	message_id @TEXT@ NOT NULL,                 -- of the mail; a made one where it has none
	report_id  BIGINT REFERENCES reports (id),  -- NULL: nobody knows; a person may say
	matched    @TEXT@,                          -- references | plus | number | url | hand
	class      @TEXT@ NOT NULL,                 -- acknowledged | needs_info | actioned | refused | bounced | auto | other
	number     @TEXT@,                          -- their ticket
	sender     @TEXT@ NOT NULL,
	subject    @TEXT@ NOT NULL,
	text       @TEXT@ NOT NULL,                 -- what can be read, without what it quotes, at most 16 KiB
	content    @BLOB@ NOT NULL,                 -- SHA-256 of the mail
	sent_ms    BIGINT,                          -- its Date
	at_ms      BIGINT NOT NULL,
	UNIQUE (mailbox, message_id)
);
CREATE INDEX letters_report ON letters (report_id, id);
CREATE INDEX letters_open ON letters (id) WHERE report_id IS NULL;
CREATE TABLE recipients (                       -- who was written to before, and who allowed the first time
	channel    @TEXT@ NOT NULL,
	recipient  @TEXT@ NOT NULL,
	user_id    BIGINT REFERENCES users (id),
	at_ms      BIGINT NOT NULL,
	bounced_ms BIGINT,                          -- its last mail came back
	PRIMARY KEY (channel, recipient)
);
CREATE TABLE channels (                         -- how a channel fares, for all processes together
	name       @TEXT@ PRIMARY KEY,
	state      @TEXT@ NOT NULL DEFAULT 'open',  -- open | closed (our access is not right) | off (a person stopped it)
	why        @TEXT@,
	free_ms    BIGINT NOT NULL DEFAULT 0,       -- nothing is sent before that
	day        BIGINT NOT NULL DEFAULT 0,       -- days since 1970, UTC
	sent_day   BIGINT NOT NULL DEFAULT 0,       -- in that day
	ok_ms      BIGINT,
	error_ms   BIGINT,
	error      @TEXT@,
	version    BIGINT NOT NULL DEFAULT 1
);
CREATE TABLE letter_templates (                 -- what people changed of the templates that hikeshi brings
	kind       @TEXT@ NOT NULL,                 -- recipient kind, or step
	lang       @TEXT@ NOT NULL,
	subject    @TEXT@ NOT NULL,
	body       @TEXT@ NOT NULL,
	user_id    BIGINT REFERENCES users (id),
	updated_ms BIGINT NOT NULL,
	version    BIGINT NOT NULL DEFAULT 1,
	PRIMARY KEY (kind, lang)
);
CREATE TABLE notices (                          -- cards for the chat
	id         @ID@,
	chat       @TEXT@ NOT NULL,                 -- name of the chat's file; '': an event that is to become cards
	event      @TEXT@ NOT NULL,                 -- case.opened, report.drafted, report.answered, case.breach, site.down, site.back ...
	case_id    BIGINT,
	report_id  BIGINT,
	body       @TEXT@ NOT NULL,                 -- JSON as it is sent
	state      @TEXT@ NOT NULL DEFAULT 'waiting', -- waiting | sent | failed | folded (told by a later card that sums up many)
	why        @TEXT@,
	at_ms      BIGINT NOT NULL,
	sent_ms    BIGINT
);
CREATE INDEX notices_chat ON notices (chat, state, id);
CREATE INDEX notices_case ON notices (case_id, id);
