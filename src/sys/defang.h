/* sys/defang: addresses from outside for a terminal or a mail: nobody can click them by mistake, nothing in them moves a cursor. Layer: sys. Input is hostile.
 *
 * docs/board: the board shows the same form. What reads it back: parse/url (hk_url_refang). */
#ifndef HK_SYS_DEFANG_H
#define HK_SYS_DEFANG_H

/* hk_defang(text): text (UTF-8 or not) as hk_log_printable() shows it, defanged; caller frees. Each "http://", "https://" or "ftp://" in it becomes hxxp://, hxxps://,
 * fxp://; each dot between two letters, digits or bytes over 0x7f becomes "[.]", but for those in the path and query of a URL, which ends at a blank. What hk_url_read() makes of a
 * URL so written is the URL, unless another one stands in its query: that one stays harmless. "[.]" stays as it is. Cannot fail. */
char *hk_defang(const char *text);

#endif
