/* match/blend: the arithmetic of a score: evidence as log-likelihood ratios, added to the odds. Layer: match. Libc only.
 *
 * A score is the share of phishing among names with the same evidence. It begins with the odds of a name nobody knows
 * anything of (or with what the name model says); each piece of evidence adds the logarithm of how many times likelier it
 * is among phishing names than among benign ones. docs/scoring.md says where the numbers come from. */
#ifndef HK_MATCH_BLEND_H
#define HK_MATCH_BLEND_H

#include <stdint.h>

/* Where a name begins when there is no model. Not the share of phishing among all names (that is a fiftieth of it or less),
 * but the share at which a brand as a whole word in a stranger's name comes out above one half: without a model a score is
 * an order, not a probability. */
#define HK_BLEND_START 0.004

/* hk_blend_odds(share): log odds of a share; shares are kept within 1e-9 .. 1 - 1e-9. hk_blend_share(odds): back; 0..1. */
double hk_blend_odds(double share);
double hk_blend_share(double odds);

/* hk_blend_burst(count): what `count` names under one private suffix (dynamic DNS, free hosting) in one certificate add:
 * customers do not share certificates, services use wildcards. 0 below 5 names, then rising to 5 at 100. */
double hk_blend_burst(uint32_t count);

/* hk_blend_entropy(text, len): bits per byte of its letters' distribution (Shannon), 0..8. */
double hk_blend_entropy(const char *text, uint32_t len);

#endif
