/* range/c2book: the book of stage B: what each client sent, and which command reached whom; so that a test can prove that an observer acts on nothing, misses nothing and
 * takes nothing twice. Part of hikeshi-range. Not thread-safe: the caller locks. */
#ifndef RG_C2BOOK_H
#define RG_C2BOOK_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "base/span.h"

/* Of a text that a client sent, so many bytes are kept; so many frames of a session, beats in a row being one; so many sessions. Further ones are counted. */
enum { RG_BOOK_TEXT_MAX = 4096, RG_BOOK_FRAMES_MAX = 10000, RG_BOOK_SESSIONS_MAX = 100000 };

/* What a frame is. All from STRANGE on an observer has no business to send. */
typedef enum rg_said {
	RG_SAID_HELLO, /* the first text */
	RG_SAID_BEAT,
	RG_SAID_PONG, /* of RFC 6455 */
	RG_SAID_CLOSE,
	RG_SAID_STRANGE,
	RG_SAID_TEXT = RG_SAID_STRANGE, /* another text, or a beat before the hello */
	RG_SAID_BINARY,
	RG_SAID_PING,
	RG_SAID_BROKEN, /* bytes that are no frame */
} rg_said;

typedef struct rg_book rg_book;
typedef struct rg_book_session rg_book_session; /* one connection; the book's, until it is freed */

rg_book *rg_book_new(void);
void rg_book_free(rg_book *book); /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(rg_book, rg_book_free)

/* rg_book_open(book, port): a connection to the port of that name; numbered from 1. NULL: over RG_BOOK_SESSIONS_MAX; the other functions accept that. */
rg_book_session *rg_book_open(rg_book *book, unsigned port);
unsigned rg_book_number(const rg_book_session *session); /* 0 for NULL */

/* rg_book_asked(session, head, websocket): the request as it came, to its empty line, and whether it asked for a WebSocket. */
void rg_book_asked(rg_book_session *session, hk_span head, bool websocket);

/* rg_book_said(book, session, said, code, bytes): a frame. code: of RG_SAID_CLOSE, else 0. */
void rg_book_said(rg_book *book, rg_book_session *session, rg_said said, int code, hk_span bytes);

/* rg_book_ended(session, how): the connection is over; how: a word. */
void rg_book_ended(rg_book_session *session, const char *how);

/* rg_book_command(book, port, text): a command that is about to be told to the clients of a port; its number, from 1. */
unsigned rg_book_command(rg_book *book, unsigned port, const char *text);
/* rg_book_delivered(): its last byte was handed to the connection; rg_book_cut(): the connection ended before; rg_book_missed(): nobody was there who had said hello. */
void rg_book_delivered(rg_book *book, unsigned command, const rg_book_session *session);
void rg_book_cut(rg_book *book, unsigned command, const rg_book_session *session);
void rg_book_missed(rg_book *book, unsigned command);
/* rg_book_confirmed(book, command, session): the client answered the ping behind that command: it has read it. */
void rg_book_confirmed(rg_book *book, unsigned command, const rg_book_session *session);

/* rg_book_log(book, after, out): {"strange":N,"sessions":[...]}: sessions numbered above after. rg_book_sent(book, after, out): {"last":N,"commands":[...],"delivered":[...],
 * "cut":[...],"missed":[...]}: commands numbered above after. docs/range.md has the members. */
void rg_book_log(const rg_book *book, unsigned after, GString *out);
void rg_book_sent(const rg_book *book, unsigned after, GString *out);

/* rg_book_reset(book): forgets commands, and what was said so far; open sessions and numbers go on. */
void rg_book_reset(rg_book *book);

#endif
