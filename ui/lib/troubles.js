/** lib/troubles: where on the board one acts on a trouble of the house, by its kind (src/flow/troubles.def); no place: what to do is done outside of it. */
export const WHERE = { bell: '/bell', channel_closed: '/channels', channel_failing: '/channels', channel_off: '/channels' }

/** What the subject of a trouble is: the family of texts that has a word for it. */
export const SUBJECT = { role: 'system.role', jobs: 'system.stage', overdue: 'system.stage', dead: 'system.stage' }
