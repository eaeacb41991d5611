/* ID tokens: RFC 7515's examples, and claims one by one. (Every lie of a provider: tests/scenario/web-oidc.t.) */
#include <string.h>

#include "sys/gerr.h"
#include "tap.h"
#include "web/jwt.h"
#include "web/secret.h"

/* RFC 7515, appendix A.2 (RS256) and A.3 (ES256): keys and tokens. */
#define RSA_N                                                                                      \
	"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-"                    \
	"4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_"   \
	"7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlx" \
	"vb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_"                                    \
	"h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4"                                                    \
	"FRWyuXpoQ"
#define PAYLOAD                                                                                    \
	"eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0" \
	"cnVlfQ"
#define ES_TOKEN                                                                                   \
	"eyJhbGciOiJFUzI1NiJ9." PAYLOAD                                                            \
	".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
#define EC_KEY                                                                                     \
	"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\"," \
	"\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}"
#define RSA_KEY "{\"kty\":\"RSA\",\"kid\":\"r\",\"n\":\"" RSA_N "\",\"e\":\"AQAB\"}"

static hk_json_doc *
verify(const char *token, const char *keys, bool *unknown, GError **error)
{
	g_autoptr(hk_json_doc) doc = hk_json_load(hk_span_str(keys), 1 << 20, NULL);
	hk_json root = hk_json_root(doc);

	return hk_jwt_verify(hk_span_str(token), &root, unknown, error);
}

static void
refused(const char *token, const char *keys, hk_err code, const char *what)
{
	g_autoptr(GError) error = NULL;
	bool unknown;

	ok(!verify(token, keys, &unknown, &error), "refused: %s", what);
	is_int(hk_error_code(error), code, "%s", error ? error->message : "");
}

static void
claims(const char *payload, bool good, const char *what)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(hk_json_doc) doc = hk_json_load(hk_span_str(payload), 1 << 20, NULL);
	hk_json root = hk_json_root(doc);
	hk_jwt_wants wants = {
		.issuer = "https://i", .client = "c", .nonce = "n", .now_s = 1000, .skew_s = 60};
	const char *subject = NULL;

	ok(hk_jwt_check(&root, &wants, &subject, &error) == good, "%s: %s",
		good ? "taken" : "refused", what);
	ok(good ? strcmp(subject, "s") == 0 : hk_error_code(error) == HK_EPOLICY, "%s",
		error ? error->message : "the subject");
}

int
main(void)
{
	g_autoptr(GError) error = NULL;
	bool unknown = false;
	g_autoptr(hk_json_doc) doc = NULL;

	ok(hk_secret_init(NULL), "libsodium");
	doc = verify(ES_TOKEN, "{\"keys\":[" RSA_KEY "," EC_KEY "]}", &unknown, &error);
	ok(doc != NULL, "RFC 7515, A.3") || (tap_diag("%s", error->message), 0);
	refused(ES_TOKEN, "{\"keys\":[" RSA_KEY "]}", HK_ECHECK, "no key of that kind");
	refused(ES_TOKEN, "{\"keys\":[" EC_KEY "," EC_KEY "]}", HK_ECHECK, "two keys that fit");
	refused(ES_TOKEN, "{}", HK_ECHECK, "no keys");
	refused(ES_TOKEN "x", "{\"keys\":[" EC_KEY "]}", HK_ECHECK, "a signature that is too long");
	refused("eyJhbGciOiJFUzI1NiJ9." PAYLOAD "x.AAAA", "{\"keys\":[" EC_KEY "]}", HK_ECHECK,
		"another payload");
	refused("eyJhbGciOiJub25lIn0." PAYLOAD ".", "{\"keys\":[" EC_KEY "]}", HK_EPOLICY, "none");
	refused("a.b", "{\"keys\":[]}", HK_EFORM, "two parts");
	refused("a.b.c.d", "{\"keys\":[]}", HK_EFORM, "four parts");
	refused("", "{\"keys\":[]}", HK_EFORM, "nothing");
	refused("!!.b.c", "{\"keys\":[]}", HK_EFORM, "no base64url");
	refused("e30.e30.e30", "{\"keys\":[]}", HK_EFORM, "no algorithm");

#define C(members)                                                                                 \
	"{\"iss\":\"https://i\",\"sub\":\"s\",\"iat\":1000,\"exp\":1300,\"nonce\":\"n\"," members  \
	"}"
	claims(C("\"aud\":\"c\""), true, "as it should be");
	claims(C("\"aud\":[\"c\"]"), true, "the audience as a list");
	claims(C("\"aud\":[\"c\",\"d\"],\"azp\":\"c\""), true, "several, and we are meant");
	claims(C("\"aud\":[\"c\",\"d\"]"), false, "several, and nobody is meant");
	claims(C("\"aud\":\"c\",\"azp\":\"d\""), false, "another one is meant");
	claims(C("\"aud\":\"d\""), false, "another client");
	claims(C("\"aud\":7"), false, "a number");
	claims(C("\"x\":1"), false, "no audience");
	claims(C("\"aud\":\"c\",\"nbf\":1061"), false, "not yet");
	claims("{\"iss\":\"https://"
	       "j\",\"sub\":\"s\",\"iat\":1000,\"exp\":1300,\"nonce\":\"n\",\"aud\":\"c\"}",
		false, "another issuer");
	claims("{\"iss\":\"https://"
	       "i\",\"sub\":\"\",\"iat\":1000,\"exp\":1300,\"nonce\":\"n\",\"aud\":\"c\"}",
		false, "no subject");
	claims("{\"iss\":\"https://"
	       "i\",\"sub\":\"s\",\"iat\":1061,\"exp\":1300,\"nonce\":\"n\",\"aud\":\"c\"}",
		false, "from the future");
	claims("{\"iss\":\"https://"
	       "i\",\"sub\":\"s\",\"iat\":1060,\"exp\":1300,\"nonce\":\"n\",\"aud\":\"c\"}",
		true, "clocks differ by a minute");
	claims("{\"iss\":\"https://"
	       "i\",\"sub\":\"s\",\"iat\":900,\"exp\":940,\"nonce\":\"n\",\"aud\":\"c\"}",
		false, "expired");
	claims("{\"iss\":\"https://"
	       "i\",\"sub\":\"s\",\"iat\":900,\"exp\":941,\"nonce\":\"n\",\"aud\":\"c\"}",
		true, "expired within the minute");
	claims("{\"iss\":\"https://"
	       "i\",\"sub\":\"s\",\"iat\":900,\"exp\":\"1300\",\"nonce\":\"n\",\"aud\":\"c\"}",
		false, "a time as text");
	claims("{\"iss\":\"https://i\",\"sub\":\"s\",\"iat\":1000,\"exp\":1300,\"aud\":\"c\"}",
		false, "no nonce");
	claims("{\"iss\":\"https://"
	       "i\",\"sub\":\"s\",\"iat\":1000,\"exp\":1300,\"nonce\":\"m\",\"aud\":\"c\"}",
		false, "another nonce");
	claims("[]", false, "a list");
	return tap_done();
}
