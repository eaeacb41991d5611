/* tests/unit/sys/wspeer: a WebSocket server on loopback that does as a script says, well or badly; and a SOCKS5 proxy. A thread for each
 * connection; they end with the process. */
#ifndef HK_TESTS_WSPEER_H
#define HK_TESTS_WSPEER_H

#include <stdbool.h>
#include <stddef.h>

enum {
	WP_BYTES = 1,   /* sends one byte at a time */
	WP_HANG_UP = 2, /* hangs up when it has sent its frames */
	WP_DEAF = 4,    /* reads nothing behind the request */
	WP_ENDLESS = 8, /* goes on with `again` until the client is gone */
	WP_MUTE = 16,   /* never answers a close frame */
	WP_DRIP =
		32, /* after the frames a byte 'x' every few milliseconds, until the client is gone */
};

/* What becomes of a request for that path. */
typedef struct wp_script {
	const char *path;
	const char *head;   /* NULL: a right 101; else this, with %ACCEPT% put in */
	const char *frames; /* hexadecimal, with blanks; XX*N: N times; NULL: none */
	unsigned flags;
	const char *again; /* as frames */
} wp_script;

/* wp_start(scripts, count, tls): begins to serve on 127.0.0.1; the port. tls: with a certificate that nobody signed. */
unsigned wp_start(const wp_script *scripts, size_t count, bool tls);

/* wp_got(path): what the client of the last request for that path sent, when it has gone: "text hello; close 1000; end" (newly
 * allocated): "end" when it hung up. Waits for that. */
char *wp_got(const char *path);

/* wp_stop(): hangs up on every client that there is, and waits for the ends of their threads: what they hold is no leak. */
void wp_stop(void);

/* wp_socks(to_port): a SOCKS5 proxy without a login that leads to 127.0.0.1 whatever it is asked for, but refuses port 7779; its port. wp_socks_asked(): for what
 * it was asked, "host:port; ..." (newly allocated). */
unsigned wp_socks(unsigned to_port);
char *wp_socks_asked(void);

#endif
