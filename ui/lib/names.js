/** lib/names: the words of the tables in src/ (checked against them by tests/lint/ui.t) and how they are grouped here. */

/** src/flow/states.def, machine CASE. */
export const STATES = ['new', 'triaged', 'confirmed', 'reported', 'down', 'closed', 'dismissed', 'out_of_scope', 'duplicate', 'resurrected']
/** Acts of MOVE(CASE, ...), the likeliest first; those that end a case ask for a reason. */
export const ACTS = ['triage', 'confirm', 'report', 'down', 'close', 'reopen', 'resurrect', 'dismiss', 'out_of_scope']
export const ENDING = ['dismiss', 'out_of_scope']
/** src/flow/casekinds.def. */
export const KINDS = ['phishing', 'phishing_other', 'trademark', 'scam', 'investment_scam', 'malware', 'c2']
export const SOURCES = ['manual', 'api', 'import', 'ct', 'mail', 'feed']
/** S37: the choices of the form for Google Safe Browsing, and of the ticket. */
export const GSB = ['phishing', 'trademark', 'other']
export const TICKETS = ['phishing', 'trademark']
/** S37: what is to be fetched, by the field that it stands beside. */
export const WANTS = { url: ['html', 'screenshot'], host: ['certificate', 'address'], domain: ['whois'] }
export const CLOCKS = ['triaged', 'confirmed', 'evidence', 'approved', 'reported', 'acknowledged', 'listed', 'content_gone', 'on_hold', 'dns_gone', 'down', 'closed']
/** Clocks that people enter by hand. */
export const HAND_CLOCKS = ['acknowledged', 'listed', 'content_gone', 'on_hold', 'dns_gone']
/** src/web/roles.def. */
export const ROLES = ['viewer', 'analyst', 'approver', 'connector_admin', 'sharing_officer', 'auditor', 'system_admin']
export const SCOPES = ['read', 'write', 'delete', 'intake', 'export', 'admin']
export const CONTACT_KINDS = ['registrar', 'registry', 'hosting', 'as', 'dns', 'cdn', 'suffix', 'shortener', 'mail', 'vendor', 'body']

/** src/flow/states.def, machine REPORT. */
export const REPORT_STATES = ['drafted', 'approved', 'queued', 'sent', 'acknowledged', 'actioned', 'rejected', 'bounced', 'expired', 'unsure', 'dropped']
/** src/flow/stops.def: what holds a report up, and whether that is for good, passes, or can be agreed to. */
export const STOPS = { own: 'hard', allowed: 'hard', evidence: 'hard', case: 'hard', recipient: 'hard', content: 'hard', first: 'ask', bounced: 'ask', volume: 'wait', channel: 'wait', kill: 'wait', victim: 'ask', restored: 'ask' }
/** Kinds of whom is told: contacts, and other banks. */
export const RECIPIENT_KINDS = [...CONTACT_KINDS, 'bank']

/** src/flow/states.def, machine LIVENESS: the states in which nobody sees the site. */
export const DARK = ['content_removed', 'error', 'unreachable', 'nxdomain', 'on_hold', 'parked', 'sinkhole']
/** src/flow/evidence.c: how many variants a run looks at. */
export const PLANS = ['quick', 'standard', 'full']
/** src/flow/factkinds.def: kinds of facts that other cases can share, and the key by which they are found. */
export const PIVOTS = { 'dns.a': 'address', 'dns.aaaa': 'address', 'dns.ns': 'nameserver', 'tls.certificate': 'leaf', 'ip.as': 'as', 'reg.registrar': 'registrar' }

/** Columns of the board; the last member: what it is sorted by ('' not). S36's first. */
export const COLUMNS = [
  ['id', 'id'], ['capture', ''], ['name', 'name'], ['first_seen', 'first_seen'], ['actor', 'actor'], ['target', 'target'],
  ['state', 'state'], ['reported_by', 'by'], ['score', 'score'], ['clock', 'due'],
  ['kind', 'kind'], ['campaign', ''], ['labels', ''], ['assignee', 'assignee'], ['source', 'source'], ['domain', ''],
  ['urls', ''], ['opened', 'opened'], ['updated', 'updated'], ['last_seen', 'last_seen'],
]
export const DEFAULT_COLUMNS = ['id', 'capture', 'name', 'first_seen', 'actor', 'target', 'state', 'reported_by', 'score', 'clock']
/** Columns of the CSV (src/store/export.c), and what those of the board are called there; host and URL are always in it. */
export const CSV_ALL = ['id', 'capture', 'case', 'first_seen', 'actor', 'target', 'status', 'reported_by', 'kind', 'score', 'host', 'domain', 'url', 'urls', 'target_key', 'target_en', 'service', 'actor_key', 'campaign', 'source', 'assignee', 'gsb_type', 'ticket_type', 'scope_rule', 'detected', 'opened', 'triaged', 'confirmed', 'reported', 'acknowledged', 'listed', 'on_hold', 'down', 'closed', 'last_seen', 'updated', 'due', 'breached']
const CSV = { name: 'case', state: 'status', clock: 'due', labels: null }
export const csvColumns = (columns) => [...new Set([...columns.map((name) => name in CSV ? CSV[name] : name).filter(Boolean), 'host', 'url'])].join(',')
export const LIMITS = [20, 50, 100, 200]
