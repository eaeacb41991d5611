/* Part of parse/url: what a reference means where it stands (Location, href). */
#include "parse/url.h"

#include <string.h>

#include "parse/url_int.h"

static bool
is_alpha(uint8_t c)
{
	c |= 0x20;
	return c >= 'a' && c <= 'z';
}

/* The length of "scheme:" at the start of ref; 0: none. */
static size_t
scheme_len(hk_span ref)
{
	size_t n = 0;

	if (ref.len == 0 || !is_alpha(ref.data[0])) {
		return 0;
	}
	while (n < ref.len &&
		(is_alpha(ref.data[n]) || (ref.data[n] >= '0' && ref.data[n] <= '9') ||
			strchr("+-.", ref.data[n]))) {
		if (ref.data[n] == '\0') {
			return 0;
		}
		n++;
	}
	return n < ref.len && ref.data[n] == ':' ? n + 1 : 0;
}

static bool
starts(hk_span text, const char *lower)
{
	size_t n = strlen(lower);

	if (text.len < n) {
		return false;
	}
	for (size_t i = 0; i < n; i++) {
		uint8_t c = text.data[i];
		if ((c >= 'A' && c <= 'Z' ? c + 32 : c) != (uint8_t)lower[i]) {
			return false;
		}
	}
	return true;
}

static bool
is_slash(hk_span text, size_t at)
{
	return at < text.len && (text.data[at] == '/' || text.data[at] == '\\');
}

/* What a URL parser drops: controls and blanks at both ends, tabs and line ends anywhere, the fragment. */
static hk_err
clean(hk_span ref, uint8_t *ret, size_t max, size_t *ret_len)
{
	size_t n = 0;

	while (ref.len > 0 && ref.data[0] <= ' ') {
		ref = hk_span_of(ref.data + 1, ref.len - 1);
	}
	while (ref.len > 0 && ref.data[ref.len - 1] <= ' ') {
		ref.len--;
	}
	for (size_t i = 0; i < ref.len && ref.data[i] != '#'; i++) {
		if (strchr("\t\r\n", ref.data[i]) && ref.data[i]) {
			continue;
		}
		if (n == max) {
			return HK_ELIMIT;
		}
		ret[n++] = ref.data[i];
	}
	*ret_len = n;
	return HK_OK;
}

/* How many bytes of base stay in front of ref. */
static size_t
kept_of(const hk_url *base, hk_span ref)
{
	size_t scheme = base->https ? 6 : 5; /* "https:" */

	if (is_slash(ref, 0)) {
		return is_slash(ref, 1) ? scheme : base->path;
	}
	size_t query = base->path + strcspn(base->text + base->path, "?");
	if (ref.len == 0) {
		return base->len;
	}
	if (ref.data[0] == '?') {
		return query;
	}
	/* Up to and with the last slash of the path. */
	while (query > base->path && base->text[query - 1] != '/') {
		query--;
	}
	return query;
}

hk_err
hk_url_join(const hk_url *base, hk_span text, hk_url_to_ascii to_ascii, void *user, hk_url *ret)
{
	uint8_t whole[HK_URL_TEXT_MAX];
	size_t len;
	size_t kept = 0;
	hk_span ref;

	/* The reference is put behind the place of what may have to stand before it. */
	HK_TRY(clean(text, whole + HK_URL_MAX, sizeof whole - HK_URL_MAX, &len));
	ref = hk_span_of(whole + HK_URL_MAX, len);
	size_t scheme = scheme_len(ref);
	if (scheme > 0) {
		bool https = starts(ref, "https:");
		if (!https && !starts(ref, "http:")) {
			return HK_EFORM;
		}
		/* "https:path" is relative when base is https, else it is https://path. */
		if (!is_slash(ref, scheme) && https == base->https) {
			ref = hk_span_of(ref.data + scheme, ref.len - scheme);
			kept = kept_of(base, ref);
		}
	} else {
		kept = kept_of(base, ref);
	}
	memmove(whole + kept, ref.data, ref.len);
	memcpy(whole, base->text, kept);
	return hk_url_parse(hk_span_of(whole, kept + ref.len), to_ascii, user, ret);
}
