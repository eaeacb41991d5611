/* sys/version: what this program is made of. Layer: sys. */
#ifndef HK_SYS_VERSION_H
#define HK_SYS_VERSION_H

/* hk_version_text(): "hikeshi 0.1.0\n" and a line for each library with the version that runs (not
 * the one that it was built with, where the library can tell). Newly allocated, caller frees. */
char *hk_version_text(void);

#endif
