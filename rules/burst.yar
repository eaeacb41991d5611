/* Certificates that show many sites at once, whoever issued them. */

rule san_burst_private_suffix
{
	meta:
		description = "20 names and more under private suffixes (dynamic DNS, free hosting), any issuer"
		gate = "san_count >= 20"
	condition:
		san_private_count >= 20
}

rule san_burst_many_domains
{
	meta:
		description = "50 registrable domains and more in one certificate that gives a brand away"
		gate = "san_count >= 50"
	condition:
		san_registrable_count >= 50 and target != ""
}
