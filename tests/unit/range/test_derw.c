#include "derw.h"
#include "tap.h"

static void
lengths(void)
{
	static uint8_t memory[70000];
	static uint8_t content[66000];
	static const struct {
		size_t len;
		uint8_t head[6];
		size_t head_len;
	} rows[] = {{0, {4, 0}, 2}, {127, {4, 127}, 2}, {128, {4, 0x81, 128}, 3},
		{255, {4, 0x81, 255}, 3}, {256, {4, 0x82, 1, 0}, 4},
		{65535, {4, 0x82, 255, 255}, 4}, {65536, {4, 0x83, 1, 0, 0}, 5}};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		rg_derw w;
		rg_derw_init(&w, memory, sizeof memory);
		rg_derw_tlv(&w, RG_DER_OCTETS, content, rows[i].len);
		hk_span out = rg_derw_since(&w, 0);
		is_int(out.len, rows[i].len + rows[i].head_len, "%zu bytes: length", rows[i].len);
		is_mem(out.data, rows[i].head, rows[i].head_len, "%zu bytes: header", rows[i].len);
	}
}

static void
numbers(void)
{
	static const struct {
		uint8_t in[4];
		size_t len;
		uint8_t out[6];
		size_t out_len;
	} rows[] = {{{0}, 1, {2, 1, 0}, 3}, {{0x7F}, 1, {2, 1, 0x7F}, 3},
		{{0x80}, 1, {2, 2, 0, 0x80}, 4}, {{0, 0, 1}, 3, {2, 1, 1}, 3},
		{{0, 0x81}, 2, {2, 2, 0, 0x81}, 4}, {{0}, 0, {2, 1, 0}, 3}};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		uint8_t memory[16];
		rg_derw w;
		rg_derw_init(&w, memory, sizeof memory);
		rg_derw_uint(&w, rows[i].in, rows[i].len);
		is_int(rg_derw_mark(&w), rows[i].out_len, "integer %zu: length", i);
		is_mem(w.at, rows[i].out, rows[i].out_len, "integer %zu: bytes", i);
	}
}

static void
times(void)
{
	uint8_t memory[32];
	rg_derw w;

	rg_derw_init(&w, memory, sizeof memory);
	rg_derw_time(&w, 1722457490);
	is_mem(w.at,
		"\x17\x0D"
		"240731202450Z",
		15, "UTCTime");
	rg_derw_init(&w, memory, sizeof memory);
	rg_derw_time(&w, 2524608000);
	is_mem(w.at,
		"\x18\x0F"
		"20500101000000Z",
		17, "GeneralizedTime from 2050 on");
}

static void
full(void)
{
	uint8_t memory[8];
	rg_derw w;

	rg_derw_init(&w, memory, sizeof memory);
	rg_derw_tlv(&w, RG_DER_OCTETS, "123456", 6);
	ok(!w.full, "eight bytes fit into eight");
	rg_derw_byte(&w, 0);
	ok(w.full, "the ninth does not");
	rg_derw_wrap(&w, RG_DER_SEQUENCE, 0);
	is_int(rg_derw_mark(&w), 8, "and nothing more is written");
}

int
main(void)
{
	lengths();
	numbers();
	times();
	full();
	return tap_done();
}
