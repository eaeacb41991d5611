/* web/conns: every connection with its deadline, so that nobody holds one for nothing. Layer: web.
 *
 * libmicrohttpd closes connections on which nothing moves; a client that sends a byte now and then moves. So each step has an absolute
 * deadline: the headers must be there within header_ms, the next request within idle_ms, a body and the reading of an answer at 8 KiB/s at
 * least, after a grace of header_ms. What is late is shut down. When four fifths of all connections are in use, idle ones get 5 s. */
#ifndef HK_WEB_CONNS_H
#define HK_WEB_CONNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	HK_CONN_BYTES_PER_MS = 8,
	HK_CONN_SCARCE_MS = 5000,
};

typedef struct hk_conns hk_conns;
typedef struct hk_conn hk_conn;

typedef enum hk_conn_state {
	HK_CONN_NEW,    /* connected, no request yet */
	HK_CONN_IDLE,   /* between two requests */
	HK_CONN_BODY,   /* headers are there, the body comes in */
	HK_CONN_WORK,   /* ours to do something: no deadline */
	HK_CONN_ANSWER, /* the answer goes out */
	HK_CONN_STREAM, /* events */
} hk_conn_state;

hk_conns *hk_conns_new(unsigned limit, unsigned header_ms, unsigned idle_ms);
void hk_conns_free(hk_conns *conns); /* accepts NULL */

/* hk_conn_open(conns, fd), hk_conn_close(conn): from the thread of the loop; close before the socket is. */
hk_conn *hk_conn_open(hk_conns *conns, int fd);
void hk_conn_close(hk_conn *conn);

/* hk_conn_set(conn, state, bytes): a step begins; bytes: of HK_CONN_BODY those that came so far, of HK_CONN_ANSWER those to send; of
 * HK_CONN_STREAM 1 when something was handed out and 0 when all was taken. Any thread. */
void hk_conn_set(hk_conn *conn, hk_conn_state state, int64_t bytes);

/* hk_conns_sweep(conns): shuts down what is late; call it every second. Any thread. */
void hk_conns_sweep(hk_conns *conns);

/* hk_conns_count(conns, ret_answering): connections, and those with a request under way. */
size_t hk_conns_count(hk_conns *conns, size_t *ret_active);

#endif
