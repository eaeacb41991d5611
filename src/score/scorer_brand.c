#include "score/scorer_int.h"

bool
hk_scorer_brand_of(hk_scorer *scorer, hk_name name, hk_scorer_brand *ret)
{
	(void)scorer;
	(void)name;
	(void)ret;
	return false;
}
