#include "sys/egress.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "sys/clock.h"
#include "sys/egress_int.h"
#include "sys/gerr.h"
#include "sys/jsonw.h"
#include "sys/log.h"

static const struct {
	const char *code, *meaning;
} reasons[] = {
	{"ok", "allowed"},
#define REASON(id, code, meaning) {code, meaning},
#include "sys/egress_reasons.def"
#undef REASON
};

/* Names that no public DNS should answer, and those of metadata services. A name matches the row itself and everything below it
 * (RFC 6761, 6762, 7686, 8375, 9476, ICANN's internal). */
static const char *const local_names[] = {"localhost", "localdomain", "local", "internal",
	"intranet", "private", "corp", "home", "lan", "home.arpa", "onion", "alt", "metadata",
	"instance-data", "ip6-localhost", "ip6-loopback", "broadcasthost", "in-addr.arpa",
	"ip6.arpa"};

static hk_egress *house;
static GMutex house_mutex;

const char *
hk_egress_reason_code(hk_egress_reason reason)
{
	return reasons[reason].code;
}

const char *
hk_egress_reason_meaning(hk_egress_reason reason)
{
	return reasons[reason].meaning;
}

char *
hk_egress_reason_text(hk_egress_reason reason, const char *detail)
{
	const char *meaning = hk_egress_reason_meaning(reason);

	if (g_str_has_prefix(detail, meaning)) {
		return g_strdup(detail);
	}
	return *detail ? g_strdup_printf("%s: %s", meaning, detail) : g_strdup(meaning);
}

hk_egress *
hk_egress_new(const char *path, GError **error)
{
	g_autoptr(hk_egress) egress = g_new0(hk_egress, 1);

	egress->refs = 1;
	g_mutex_init(&egress->mutex);
	egress->ports = g_array_new(FALSE, FALSE, sizeof(unsigned));
	egress->locals = g_ptr_array_new_with_free_func(hk_egress_local_free);
	egress->exits = g_ptr_array_new_with_free_func(hk_egress_exit_free);
	egress->names = g_ptr_array_new();
	egress->range_ports = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	egress->range_addresses = g_array_new(FALSE, FALSE, sizeof(hk_ipaddr));
	egress->buckets = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	egress->purposes = g_hash_table_new_full(
		g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_array_unref);
	return hk_egress_configure(egress, path, error) ? g_steal_pointer(&egress) : NULL;
}

hk_egress *
hk_egress_ref(hk_egress *egress)
{
	g_atomic_int_inc(&egress->refs);
	return egress;
}

void
hk_egress_unref(hk_egress *egress)
{
	if (!egress || !g_atomic_int_dec_and_test(&egress->refs)) {
		return;
	}
	g_array_unref(egress->ports);
	g_ptr_array_unref(egress->locals);
	g_ptr_array_unref(egress->exits);
	g_ptr_array_unref(egress->names);
	g_hash_table_unref(egress->range_ports);
	g_array_unref(egress->range_addresses);
	g_hash_table_unref(egress->buckets);
	g_hash_table_unref(egress->purposes);
	g_mutex_clear(&egress->mutex);
	g_free(egress->resolvers);
	for (size_t i = 0; i < G_N_ELEMENTS(egress->stop_files); i++) {
		g_free(egress->stop_files[i]);
	}
	g_free(egress);
}

hk_egress *
hk_egress_house(void)
{
	g_mutex_lock(&house_mutex);
	if (!house) {
		g_autoptr(GError) error = NULL;
		house = hk_egress_new(NULL, &error);
		if (!house) {
			HK_BUG("the built-in policy");
		}
	}
	hk_egress *egress = house;
	g_mutex_unlock(&house_mutex);
	return egress;
}

void
hk_egress_set_house(hk_egress *egress)
{
	g_mutex_lock(&house_mutex);
	hk_egress *old = house;
	house = egress ? hk_egress_ref(egress) : NULL;
	g_mutex_unlock(&house_mutex);
	hk_egress_unref(old);
}

void
hk_egress_record_to(hk_egress *egress, hk_egress_recorder recorder, void *user)
{
	egress->recorder = recorder;
	egress->recorder_user = user;
}

void
hk_egress_kill(hk_egress *egress)
{
	g_atomic_int_set(&egress->killed, 1);
}

void
hk_egress_revive(hk_egress *egress)
{
	g_atomic_int_set(&egress->killed, 0);
}

/* The stop-file that stops us, and why: 0, it is there; an errno: nobody can tell whether it is, so it is (a folder that is not ours to
 * search must not open what somebody has shut). NULL: none of them. */
static const char *
stopped_by(const hk_egress *egress, int *ret_number)
{
	for (size_t i = 0; i < G_N_ELEMENTS(egress->stop_files); i++) {
		const char *path = egress->stop_files[i];
		*ret_number = path && access(path, F_OK) != 0 ? errno : 0;
		if (path && *ret_number != ENOENT && *ret_number != ENOTDIR) {
			return path;
		}
	}
	return NULL;
}

bool
hk_egress_killed(const hk_egress *egress)
{
	int number;

	return g_atomic_int_get(&egress->killed) != 0 || stopped_by(egress, &number) != NULL;
}

char *
hk_egress_killed_why(const hk_egress *egress)
{
	int number;
	const char *path = stopped_by(egress, &number);

	if (!path) {
		return g_strdup(reasons[HK_EGRESS_KILLED].meaning);
	}
	if (number == 0) {
		return g_strdup_printf("%s: %s is there", reasons[HK_EGRESS_KILLED].meaning, path);
	}
	g_autofree char *folder = g_path_get_dirname(path);
	return g_strdup_printf("%s, or may be: %s cannot be looked for (%s): let everybody search "
			       "%s (chmod 755), or run this as hikeshi's user",
		reasons[HK_EGRESS_KILLED].meaning, path, g_strerror(number), folder);
}

bool
hk_egress_on_range(const hk_egress *egress)
{
	return egress->on_range;
}

unsigned
hk_egress_range_port(const hk_egress *egress, const char *host, unsigned port)
{
	g_autofree char *low = g_ascii_strdown(host, -1);
	size_t len = strlen(low);

	if (len > 0 && low[len - 1] == '.') {
		low[len - 1] = '\0';
	}
	/* The host, the names above it, and "": every host. */
	for (const char *at = low;; at += strcspn(at, "."), at += *at == '.') {
		g_autofree char *key = g_strdup_printf("%s:%u", at, port);
		gpointer to = g_hash_table_lookup(egress->range_ports, key);
		if (to || !*at) {
			return to ? GPOINTER_TO_UINT(to) : port;
		}
	}
}

bool
hk_egress_range_address(const hk_egress *egress, const hk_ipaddr *addr)
{
	for (unsigned i = 0; egress->on_range && i < egress->range_addresses->len; i++) {
		if (hk_ipaddr_eq(&g_array_index(egress->range_addresses, hk_ipaddr, i), addr)) {
			return true;
		}
	}
	return false;
}

const hk_egress_exit *
hk_egress_exit_get(const hk_egress *egress, const char *name)
{
	for (unsigned i = 0; i < egress->exits->len; i++) {
		const hk_egress_exit *exit = egress->exits->pdata[i];
		if (strcmp(exit->name, name ? name : "direct") == 0) {
			return exit;
		}
	}
	return NULL;
}

bool
hk_egress_has_exit(const hk_egress *egress, const char *name)
{
	return hk_egress_exit_get(egress, name) != NULL;
}

const char *const *
hk_egress_exits(const hk_egress *egress)
{
	return (const char *const *)egress->names->pdata;
}

/* ---- Checks ---- */

static hk_egress_reason why(hk_egress_reason reason, char **ret_detail, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static hk_egress_reason
why(hk_egress_reason reason, char **ret_detail, const char *format, ...)
{
	if (ret_detail) {
		va_list args;
		va_start(args, format);
		*ret_detail = g_strdup_vprintf(format, args);
		va_end(args);
	}
	return reason;
}

static hk_egress_reason
killed(const hk_egress *egress, char **ret_detail)
{
	if (ret_detail) {
		*ret_detail = hk_egress_killed_why(egress);
	}
	return HK_EGRESS_KILLED;
}

static bool
scheme_fits(const hk_egress_who *who, const char *scheme)
{
	static const char *const all[] = {"http", "https", "ws", "wss", "connect"};

	for (size_t i = 0; i < G_N_ELEMENTS(all); i++) {
		if (strcmp(scheme, all[i]) == 0) {
			return true;
		}
	}
	return strcmp(scheme, "whois") == 0 ||
	       (who->own && (strcmp(scheme, "tcp") == 0 || strcmp(scheme, "smtp") == 0 ||
				    strcmp(scheme, "smtps") == 0));
}

static bool
has_port(const GArray *ports, unsigned port)
{
	for (unsigned i = 0; ports && i < ports->len; i++) {
		if (g_array_index(ports, unsigned, i) == port) {
			return true;
		}
	}
	return false;
}

/* WHOIS (RFC 3912) has one port, and nothing else has it. */
static bool
port_fits(const hk_egress *egress, const hk_egress_who *who, const char *scheme, unsigned port)
{
	hk_egress *locked = (hk_egress *)egress;

	if (strcmp(scheme, "whois") == 0) {
		return port == HK_EGRESS_WHOIS_PORT;
	}
	if (has_port(egress->ports, port)) {
		return true;
	}
	g_mutex_lock(&locked->mutex);
	bool fits =
		who->purpose && has_port(g_hash_table_lookup(egress->purposes, who->purpose), port);
	g_mutex_unlock(&locked->mutex);
	return fits || (who->own && port > 0 && port < 65536);
}

bool
hk_egress_purpose_ports(hk_egress *egress, const char *purpose, const unsigned *ports, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (ports[i] == 0 || ports[i] > 65535 || ports[i] == HK_EGRESS_WHOIS_PORT ||
			ports[i] == HK_EGRESS_DNS_PORT) {
			return false;
		}
	}
	GArray *all = g_array_new(FALSE, FALSE, sizeof(unsigned));
	g_array_append_vals(all, ports, (unsigned)count);
	g_mutex_lock(&egress->mutex);
	g_hash_table_insert(egress->purposes, g_strdup(purpose), all);
	g_mutex_unlock(&egress->mutex);
	return true;
}

/* Labels of letters, digits, - and _ ; a dot at the end is nothing. own: one label will do. */
static bool
is_name(const char *host, bool own)
{
	size_t label = 0, labels = 1, len = strlen(host);

	if (len > 0 && host[len - 1] == '.') {
		len--;
	}
	for (size_t i = 0; i < len; i++) {
		if (host[i] == '.') {
			if (label == 0) {
				return false;
			}
			labels++;
			label = 0;
		} else if (!(g_ascii_isalnum(host[i]) || host[i] == '-' || host[i] == '_') ||
			   ++label > 63) {
			return false;
		}
	}
	return label > 0 && len <= 253 && (own || labels > 1);
}

static bool
is_below(const char *host, size_t len, const char *name)
{
	size_t n = strlen(name);

	return len >= n && g_ascii_strncasecmp(host + len - n, name, n) == 0 &&
	       (len == n || host[len - n - 1] == '.');
}

static bool
is_local_name(const char *host)
{
	size_t len = strlen(host);

	if (len > 0 && host[len - 1] == '.') {
		len--;
	}
	for (size_t i = 0; i < G_N_ELEMENTS(local_names); i++) {
		if (is_below(host, len, local_names[i])) {
			return true;
		}
	}
	return false;
}

/* A row of `local` holds for this host or this address (one of them NULL). */
static bool
is_listed(const hk_egress *egress, const char *host, const hk_ipaddr *addr, unsigned port)
{
	for (unsigned i = 0; i < egress->locals->len; i++) {
		const hk_egress_local *local = egress->locals->pdata[i];
		if (local->port == port &&
			(local->name ? host && g_ascii_strcasecmp(local->name, host) == 0
				     : addr && hk_ipaddr_in(addr, &local->net, local->bits))) {
			return true;
		}
	}
	return false;
}

static bool
is_localhost(const char *host)
{
	return g_ascii_strcasecmp(host, "localhost") == 0;
}

hk_egress_reason
hk_egress_check_address(const hk_egress *egress, const hk_egress_who *who, const char *host,
	const hk_ipaddr *addr, unsigned port, char **ret_detail)
{
	const hk_ipaddr_class *class = hk_ipaddr_class_of(addr);
	char text[HK_IPADDR_TEXT_SIZE];
	hk_ipaddr literal;

	if (!class || hk_egress_range_address(egress, addr)) {
		return HK_EGRESS_OK;
	}
	bool named = host && hk_ipaddr_parse(hk_span_str(host), &literal) != HK_OK;
	if (who->own) {
		/* Loopback only by an address or by its own name: a name of somebody's must not lead here. */
		if (hk_ipaddr_is_loopback(addr) && (!named || is_localhost(host))) {
			return HK_EGRESS_OK;
		}
		if (is_listed(egress, host, addr, port)) {
			return HK_EGRESS_OK;
		}
	}
	hk_ipaddr_format(addr, text);
	return why(HK_EGRESS_ADDRESS, ret_detail, "%s is %s (%s)%s", text, class->name,
		class->source,
		who->own ? "; if that is right, list it in `local` of egress.conf" : "");
}

hk_egress_reason
hk_egress_check_target(const hk_egress *egress, const hk_egress_who *who, const char *scheme,
	const char *host, unsigned port, char **ret_detail)
{
	hk_ipaddr addr;

	if (ret_detail) {
		*ret_detail = NULL;
	}
	if (hk_egress_killed(egress)) {
		return killed(egress, ret_detail);
	}
	if (!hk_egress_exit_get(egress, who->exit)) {
		return why(HK_EGRESS_EXIT, ret_detail, "there is no exit '%s'", who->exit);
	}
	if (!scheme_fits(who, scheme)) {
		return why(HK_EGRESS_SCHEME, ret_detail, "scheme %s", scheme);
	}
	if (!port_fits(egress, who, scheme, port)) {
		return why(HK_EGRESS_PORT, ret_detail, "port %u", port);
	}
	if (hk_ipaddr_parse(hk_span_str(host), &addr) == HK_OK) {
		return hk_egress_check_address(egress, who, host, &addr, port, ret_detail);
	}
	if (hk_ipaddr_looks_odd(hk_span_str(host))) {
		return why(HK_EGRESS_SPELLING, ret_detail, "an address in an odd spelling");
	}
	if (is_local_name(host) &&
		!(who->own && (is_localhost(host) || is_listed(egress, host, NULL, port)))) {
		return why(HK_EGRESS_LOCAL_NAME, ret_detail, "%s",
			reasons[HK_EGRESS_LOCAL_NAME].meaning);
	}
	if (!is_name(host, who->own)) {
		return why(HK_EGRESS_HOST, ret_detail, "not a name that the public DNS could hold");
	}
	return HK_EGRESS_OK;
}

hk_egress_reason
hk_egress_check_query(const hk_egress *egress, const char *name, char **ret_detail)
{
	hk_ipaddr addr;

	if (ret_detail) {
		*ret_detail = NULL;
	}
	if (hk_egress_killed(egress)) {
		return killed(egress, ret_detail);
	}
	if (hk_ipaddr_parse(hk_span_str(name), &addr) == HK_OK ||
		hk_ipaddr_looks_odd(hk_span_str(name))) {
		return why(HK_EGRESS_SPELLING, ret_detail, "an address is no name");
	}
	if (is_local_name(name)) {
		return why(HK_EGRESS_LOCAL_NAME, ret_detail, "%s",
			reasons[HK_EGRESS_LOCAL_NAME].meaning);
	}
	if (!is_name(name, false)) {
		return why(HK_EGRESS_HOST, ret_detail, "not a name that the public DNS could hold");
	}
	if (egress->on_range && !egress->resolvers) {
		return why(
			HK_EGRESS_DNS, ret_detail, "on the range `resolvers` has to name its DNS");
	}
	return HK_EGRESS_OK;
}

/* ---- Records ---- */

static void
to_log(const hk_egress_record *r)
{
	hk_event event =
		r->reason == HK_EGRESS_OK ? HK_EVENT_EGRESS_ALLOWED : HK_EVENT_EGRESS_REFUSED;

	hk_log(event, HK_F_STR("purpose", r->who.purpose), HK_F_STR("case", r->who.case_id),
		HK_F_STR("who", r->who.requester),
		HK_F_STR("exit", r->who.exit ? r->who.exit : "direct"),
		HK_F_STR("scheme", r->scheme), HK_F_STR("host", r->host), HK_F_INT("port", r->port),
		HK_F_STR("answers", r->answers), HK_F_STR("address", r->address),
		HK_F_STR("reason", hk_egress_reason_code(r->reason)),
		HK_F_STR("detail", r->detail));
}

void
hk_egress_record_json(const hk_egress_record *r, GString *out)
{
	hk_jsonw_open(out, '{');
	hk_jsonw_key(out, "at");
	hk_jsonw_time(out, r->at_ms / 1000);
	hk_jsonw_key(out, "at_ms");
	hk_jsonw_int(out, r->at_ms);
	hk_jsonw_member_str(out, "purpose", r->who.purpose);
	hk_jsonw_member_str(out, "case", r->who.case_id);
	hk_jsonw_member_str(out, "requester", r->who.requester);
	hk_jsonw_member_str(out, "exit", r->who.exit ? r->who.exit : "direct");
	hk_jsonw_member_str(out, "scheme", r->scheme);
	hk_jsonw_member_str(out, "host", r->host);
	hk_jsonw_key(out, "port");
	hk_jsonw_int(out, r->port);
	hk_jsonw_key(out, "answers");
	hk_jsonw_open(out, '[');
	for (const char *at = r->answers; *at; at += strspn(at, " ")) {
		size_t len = strcspn(at, " ");
		hk_jsonw_text(out, hk_span_of(at, len));
		at += len;
	}
	hk_jsonw_close(out, ']');
	hk_jsonw_member_str(out, "address", r->address);
	hk_jsonw_member_str(out, "reason", hk_egress_reason_code(r->reason));
	hk_jsonw_member_str(out, "detail", r->detail);
	hk_jsonw_close(out, '}');
}

void
hk_egress_decided(hk_egress *egress, hk_egress_record *record)
{
	record->at_ms = hk_clock_wall_ms();
	if (egress->recorder) {
		egress->recorder(egress->recorder_user, record);
	} else {
		to_log(record);
	}
}

/* ---- Addresses ---- */

const char *
hk_egress_address_text(const hk_ipaddr *addr, unsigned port, char *ret)
{
	char text[HK_IPADDR_TEXT_SIZE];

	hk_ipaddr_format(addr, text);
	g_snprintf(ret, HK_EGRESS_ADDRESS_SIZE, addr->v4 ? "%s:%u" : "[%s]:%u", text, port);
	return ret;
}

socklen_t
hk_egress_sockaddr(const hk_ipaddr *addr, unsigned port, struct sockaddr_storage *ret)
{
	memset(ret, 0, sizeof *ret);
	if (addr->v4) {
		struct sockaddr_in *v4 = (struct sockaddr_in *)ret;
		v4->sin_family = AF_INET;
		v4->sin_port = htons((uint16_t)port);
		memcpy(&v4->sin_addr, addr->bytes, 4);
		return sizeof *v4;
	}
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)ret;
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons((uint16_t)port);
	memcpy(&v6->sin6_addr, addr->bytes, 16);
	return sizeof *v6;
}

bool
hk_egress_of_sockaddr(const struct sockaddr *sa, hk_ipaddr *ret_addr, unsigned *ret_port)
{
	hk_ipaddr addr = {{0}, sa->sa_family == AF_INET};

	if (addr.v4) {
		const struct sockaddr_in *v4 = (const struct sockaddr_in *)sa;
		memcpy(addr.bytes, &v4->sin_addr, 4);
		*ret_port = ntohs(v4->sin_port);
	} else if (sa->sa_family == AF_INET6) {
		const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)sa;
		memcpy(addr.bytes, &v6->sin6_addr, 16);
		*ret_port = ntohs(v6->sin6_port);
	} else {
		return false;
	}
	*ret_addr = addr;
	return true;
}

const char *
hk_egress_resolvers(const hk_egress *egress)
{
	return egress->resolvers;
}
