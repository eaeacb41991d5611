#include "sys/sighting.h"

#include <arpa/inet.h>

#include "sys/hash.h"
#include "sys/jsonw.h"

void
hk_sighting_free(hk_sighting *sighting)
{
	if (sighting) {
		g_free(sighting->line);
		g_free(sighting);
	}
}

static void
text_member(GString *out, const char *key, hk_span text)
{
	if (text.len > 0) {
		hk_jsonw_key(out, key);
		hk_jsonw_text(out, text);
	}
}

/* An iPAddress (RFC 5280, section 4.2.1.6) is 4 or 16 octets; any other length is odd and shown in hexadecimal. */
static void
print_address(GString *out, hk_span value)
{
	char text[INET6_ADDRSTRLEN];

	if (value.len == 4 || value.len == 16) {
		inet_ntop(value.len == 4 ? AF_INET : AF_INET6, value.data, text, sizeof text);
		hk_jsonw_str(out, text);
	} else {
		hk_jsonw_hex(out, value);
	}
}

static void
print_names_of(GString *out, const hk_x509 *x509, hk_x509_name_kind kind)
{
	hk_x509_names walk;
	hk_x509_name name;

	hk_x509_names_init(x509, &walk);
	while (hk_x509_names_next(&walk, &name)) {
		if (name.kind != kind) {
			continue;
		}
		if (kind == HK_X509_NAME_DNS) {
			hk_jsonw_text(out, name.value);
		} else {
			print_address(out, name.value);
		}
	}
}

static void
print_certificate(GString *out, const hk_x509 *x509, const uint8_t *key)
{
	text_member(out, "issuer_o", x509->issuer_o);
	text_member(out, "issuer_cn", x509->issuer_cn);
	text_member(out, "cn", x509->subject_cn);
	hk_jsonw_key(out, "serial");
	hk_jsonw_hex(out, x509->serial);
	hk_jsonw_key(out, "names");
	hk_jsonw_open(out, '[');
	print_names_of(out, x509, HK_X509_NAME_DNS);
	print_names_of(out, x509, HK_X509_NAME_IP);
	hk_jsonw_close(out, ']');
	hk_jsonw_key(out, "not_before");
	hk_jsonw_time(out, x509->not_before);
	hk_jsonw_key(out, "not_after");
	hk_jsonw_time(out, x509->not_after);
	hk_jsonw_key(out, "tbs_sha256");
	hk_jsonw_hex(out, hk_span_of(key, 32));
}

static void
print_verdict(GString *out, const hk_verdict *verdict)
{
	hk_jsonw_key(out, "score");
	hk_jsonw_real(out, (double)verdict->score, 4);
	hk_jsonw_key(out, "target");
	if (verdict->target) {
		hk_jsonw_str(out, verdict->target);
	} else {
		hk_jsonw_null(out);
	}
	if (verdict->official) {
		hk_jsonw_key(out, "official");
		hk_jsonw_bool(out, true);
	}
	hk_jsonw_strs(out, "rules", verdict->rules, verdict->rule_count);
	hk_jsonw_strs(out, "reasons", verdict->reasons, verdict->reason_count);
}

static void
print_oddities(GString *out, const hk_batch_entry *entry)
{
	if (entry->err != HK_OK) {
		hk_jsonw_key(out, "error");
		hk_jsonw_str(out, hk_err_code(entry->err));
	} else if (entry->x509.odd != 0) {
		hk_jsonw_key(out, "odd");
		hk_jsonw_open(out, '[');
		for (uint32_t left = entry->x509.odd; left != 0; left &= left - 1) {
			hk_jsonw_str(out, hk_x509_odd_code(left & -left));
		}
		hk_jsonw_close(out, ']');
	}
	if (entry->leaf.odd != HK_OK) {
		hk_jsonw_key(out, "frame");
		hk_jsonw_str(out, hk_err_code(entry->leaf.odd));
	}
	if (hk_batch_is_odd(entry)) {
		hk_jsonw_key(out, "raw");
		hk_jsonw_base64(out, entry->leaf.cert);
	}
}

static void
key_of(const hk_batch_entry *entry, uint8_t *ret_key)
{
	hk_x509_key pieces;

	if (entry->err != HK_OK) {
		hk_sha256(entry->leaf.cert, ret_key);
		return;
	}
	hk_x509_tbs_key_pieces(&entry->x509, &pieces);
	hk_sha256_pieces(pieces.piece, pieces.count, ret_key);
}

/* A precertificate entry, or a precertificate on its own (a file). */
static bool
is_precert(const hk_batch_entry *entry)
{
	return entry->leaf.precert || (entry->err == HK_OK && entry->x509.has_poison);
}

/* What kind of line, and where the entry stands. */
static void
print_place(GString *out, const char *kind, const char *log, const hk_batch_entry *entry)
{
	hk_jsonw_open(out, '{');
	hk_jsonw_key(out, "kind");
	hk_jsonw_str(out, kind);
	hk_jsonw_key(out, "log");
	hk_jsonw_str(out, log);
	hk_jsonw_key(out, "index");
	hk_jsonw_int(out, (int64_t)entry->index);
	hk_jsonw_key(out, "type");
	hk_jsonw_str(out, is_precert(entry) ? "precert" : "x509");
	if (entry->leaf.timestamp_ms > 0) {
		hk_jsonw_key(out, "logged");
		hk_jsonw_time(out, (int64_t)(entry->leaf.timestamp_ms / 1000));
	}
}

void
hk_sighting_print(GString *out, const char *log, const hk_batch_entry *entry,
	const hk_verdict *verdict, uint8_t *ret_key)
{
	uint8_t key[32];

	key_of(entry, key);
	print_place(out, hk_batch_is_odd(entry) ? "malformed" : "certificate", log, entry);
	if (entry->err == HK_OK) {
		print_certificate(out, &entry->x509, key);
	}
	if (verdict) {
		print_verdict(out, verdict);
	}
	print_oddities(out, entry);
	hk_jsonw_close(out, '}');
	if (ret_key) {
		memcpy(ret_key, key, sizeof key);
	}
}

hk_sighting *
hk_sighting_new(const char *log, const hk_batch_entry *entry, const hk_verdict *verdict)
{
	hk_sighting *sighting = g_new0(hk_sighting, 1);
	GString *line = g_string_new(NULL);

	hk_sighting_print(line, log, entry, verdict, sighting->key);
	sighting->index = entry->index;
	sighting->line = g_string_free(line, FALSE);
	return sighting;
}

hk_sighting *
hk_sighting_candidate(
	const char *log, const hk_batch_entry *entry, const hk_sighting_host *hosts, size_t count)
{
	hk_sighting *sighting = g_new0(hk_sighting, 1);
	GString *line = g_string_new(NULL);

	key_of(entry, sighting->key);
	sighting->index = entry->index;
	print_place(line, "candidate", log, entry);
	text_member(line, "issuer_o", entry->x509.issuer_o);
	hk_jsonw_key(line, "tbs_sha256");
	hk_jsonw_hex(line, hk_span_of(sighting->key, sizeof sighting->key));
	hk_jsonw_key(line, "hosts");
	hk_jsonw_open(line, '[');
	for (size_t i = 0; i < count; i++) {
		hk_jsonw_open(line, '{');
		text_member(line, "host", hosts[i].host);
		hk_jsonw_key(line, "score");
		hk_jsonw_real(line, hosts[i].score, 6);
		if (hosts[i].target) {
			text_member(line, "target", hk_span_str(hosts[i].target));
		}
		hk_jsonw_close(line, '}');
	}
	hk_jsonw_close(line, ']');
	hk_jsonw_close(line, '}');
	sighting->line = g_string_free(line, FALSE);
	return sighting;
}
