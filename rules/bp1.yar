/* The group called BP1 (KeepSpy smishing), as Mizuho Bank's team described it at JSAC2025.
 *
 * What each fact means: docs/reference/facts.md. A rule's gate says which certificates it is asked about at all. */

rule bp1_san_burst
{
	meta:
		description = "20 names and more in one Let's Encrypt certificate under duckdns.org"
		reference = "JSAC2025, rule as tested April to October 2024 (S30)"
		decay = "names per certificate fell from 92 to 8 between April and October 2024: watch its hits per week"
		gate = "san_count >= 20"
	condition:
		/* A certificate of Let's Encrypt's tlsserver profile has no common name: then the first dNSName stands in. */
		san_count >= 20 and issuer_o == "Let's Encrypt" and cn_or_first iendswith ".duckdns.org"
}

rule bp1_label
{
	meta:
		description = "a duckdns.org name in the group's grammar: 6 to 9 letters and digits, at least one of each"
		reference = "JSAC2025 (S29): all names shown there"
		gate = "under duckdns.org"
	condition:
		suffix == "duckdns.org" and name matches /^[0-9a-z]{6,9}\.duckdns\.org$/ and
		name matches /^[0-9a-z]*[0-9][0-9a-z]*\.duckdns\.org$/ and
		name matches /^[0-9a-z]*[a-z][0-9a-z]*\.duckdns\.org$/
}
