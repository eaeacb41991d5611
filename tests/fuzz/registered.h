/* tests/fuzz/registered: what holds of every registration, whoever filled it. */
#ifndef HK_TESTS_FUZZ_REGISTERED_H
#define HK_TESTS_FUZZ_REGISTERED_H

#include <string.h>

#include "base/utf8.h"
#include "fuzz.h"
#include "parse/registration.h"

static inline void
good_text(const char *text, size_t size)
{
	const char *end = memchr(text, '\0', size);

	need(end);
	need(hk_utf8_valid(hk_span_of(text, (size_t)(end - text))));
	for (; *text; text++) {
		need((unsigned char)*text >= ' ');
	}
}

static inline void
good_host(const char *text)
{
	char host[HK_REG_NAME_SIZE];

	need(hk_reg_host(hk_span_str(text), host) == HK_OK && strcmp(host, text) == 0);
}

static inline void
good_contact(const hk_reg_contact *contact)
{
	hk_span mail;
	size_t pos = 0;

	good_text(contact->value, sizeof contact->value);
	good_text(contact->name, sizeof contact->name);
	need(contact->roles != 0);
	if (contact->kind == HK_REG_MAIL) {
		need(hk_reg_find_mail(hk_span_str(contact->value), &pos, &mail));
		need(mail.len == strlen(contact->value));
	} else if (contact->kind == HK_REG_WEB) {
		need(strncasecmp(contact->value, "http://", 7) == 0 ||
			strncasecmp(contact->value, "https://", 8) == 0);
		need(!strpbrk(contact->value, " \"<>"));
	}
}

static inline void
registered(const hk_registration *reg)
{
	need(reg->status_count <= HK_REG_STATUS_MAX && reg->ns_count <= HK_REG_NS_MAX);
	need(reg->contact_count <= HK_REG_CONTACT_MAX && reg->link_count <= HK_REG_LINK_MAX);
	need(reg->origin_count <= HK_REG_ORIGIN_MAX && reg->as_first <= reg->as_last);
	good_text(reg->name, sizeof reg->name);
	good_text(reg->handle, sizeof reg->handle);
	good_text(reg->registrar, sizeof reg->registrar);
	good_text(reg->registrar_url, sizeof reg->registrar_url);
	good_text(reg->org, sizeof reg->org);
	good_text(reg->first, sizeof reg->first);
	good_text(reg->last, sizeof reg->last);
	good_text(reg->abuse_handle, sizeof reg->abuse_handle);
	good_text(reg->referral, sizeof reg->referral);
	need(strspn(reg->registrar_id, "0123456789") == strlen(reg->registrar_id));
	need(strlen(reg->country) == 0 || strlen(reg->country) == 2);
	for (size_t i = 0; i < reg->status_count; i++) {
		good_text(reg->status[i].raw, sizeof reg->status[i].raw);
		need(reg->status[i].raw[0] != '\0' && reg->status[i].code < HK_EPP_COUNT);
	}
	for (size_t i = 0; i < reg->ns_count; i++) {
		good_host(reg->ns[i]);
	}
	for (size_t i = 0; i < reg->contact_count; i++) {
		good_contact(&reg->contact[i]);
	}
	for (size_t i = 0; i < reg->link_count; i++) {
		good_text(reg->link[i], sizeof reg->link[i]);
	}
	need(hk_reg_hold_name(hk_reg_held(reg)) && hk_reg_answer_name(reg->answer));
}

#endif
