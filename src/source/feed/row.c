#include "source/feed/row.h"

#include <string.h>

#include "source/feed/read_int.h"
#include "source/feed/when.h"

static bool
is_blank(const char *text)
{
	return !text || text[strspn(text, " \t")] == '\0';
}

/* Tags in one cell: parted by , or ; with blanks around. Cut in place. */
static void
split_tags(char *text, hk_feed_item *item)
{
	while (*text) {
		size_t len = strcspn(text, ",;");
		bool last = text[len] == '\0';

		text[len] = '\0';
		hk_feed_tag(item, g_strstrip(text));
		if (last) {
			return;
		}
		text += len + 1;
	}
}

bool
hk_feed_row_give(const hk_feed_row *row, const hk_feed_sink *sink, GError **error)
{
	const char *const *cell = row->cell;
	bool host = is_blank(cell[HK_FEED_FIELD_URL]);
	const char *value = cell[host ? HK_FEED_FIELD_HOST : HK_FEED_FIELD_URL];

	if (is_blank(value)) {
		sink->odd(sink->user, HK_FEED_ODD_NO_VALUE, row->place);
		return true;
	}
	hk_feed_item item = {
		.value = value,
		.type = !host                  ? HK_FEED_URL
			: hk_feed_is_ip(value) ? HK_FEED_IP
					       : HK_FEED_DOMAIN,
		.place = row->place,
		.target = cell[HK_FEED_FIELD_TARGET],
		.id = cell[HK_FEED_FIELD_ID],
		.title = cell[HK_FEED_FIELD_TITLE],
		.confidence = hk_feed_confidence(cell[HK_FEED_FIELD_CONFIDENCE]),
	};
	const char *when = cell[HK_FEED_FIELD_TIME];
	if (when && !hk_feed_when(hk_span_str(when), &item.seen_ms)) {
		item.seen_ms = 0; /* a time in another notation is not a reason to lose the row */
	}
	g_autofree char *tags = NULL;
	for (size_t i = 0; i < row->tag_count; i++) {
		hk_feed_tag(&item, row->tags[i]);
	}
	if (!row->tags && cell[HK_FEED_FIELD_TAGS]) {
		tags = g_strdup(cell[HK_FEED_FIELD_TAGS]);
		split_tags(tags, &item);
	}
	return sink->item(sink->user, &item, error);
}
