/* web/reply_int: what is inside a reply, for those who make and send it. Layer: web. Not for handlers. */
#ifndef HK_WEB_REPLY_INT_H
#define HK_WEB_REPLY_INT_H

#include "web/reply.h"

struct hk_reply {
	int status;         /* 0: nothing has been set */
	char *type;         /* media type; NULL: no body */
	GString *text;      /* body that is written at once */
	GBytes *bytes;      /* or this */
	int64_t spooled;    /* or bytes of text and then of fd */
	int fd;             /* of the unlinked file; -1 */
	int64_t version;    /* 0: no ETag */
	char *etag;         /* or an ETag of its own (static files), with its quotes */
	GPtrArray *headers; /* name, value, name, value ... owned */
	bool download;      /* a file to be saved: sandboxed */
	struct hk_stream *
		stream; /* this connection becomes a stream of events; owned until it is attached */
	bool is_static; /* a file of the board: its own cache rules stand in headers */
	bool cacheable; /* leaves out Cache-Control: no-store */
	int problem_status; /* set by hk_reply_problem; 0: by the error's code */
	char *problem_field;
	char *problem_remedy;
	bool close; /* end the connection after it */
};

hk_reply *hk_reply_new(void);
void hk_reply_free(hk_reply *reply); /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_reply, hk_reply_free)

/* hk_reply_reset(reply): as new. */
void hk_reply_reset(hk_reply *reply);

/* hk_reply_fail(reply, error, request_id): turns reply into the problem that error is; logs what the client is not told. */
void hk_reply_fail(hk_reply *reply, const GError *error, const char *request_id);

/* hk_reply_status_title(status): "Not Found". Static storage. */
const char *hk_reply_status_title(int status);

/* hk_reply_etag(reply): the ETag with quotes, newly allocated; NULL: none. */
char *hk_reply_etag(const hk_reply *reply);

#endif
